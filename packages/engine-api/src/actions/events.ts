import { encodeText, quote, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import type { EngineEvent } from '../engine-events.ts'
import { eventFormat } from './event-format.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { queryFilters, queryText } from '../http/query.ts'

/** The most events that wait for a slow client; with more, its stream ends. */
const MAX_WAITING_EVENTS = 4096

/** The longest delay of a timer, in milliseconds; a later end is ignored. */
const MAX_TIMER_MS = 2_147_483_647

/**
 * `GET /events[?since=T][&until=T][&filters=...]`: the past events that are kept, then new ones, in the form that `Accept`
 * names.
 */
export async function eventsAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, events, request, version } = exchange
  const over = [request.signal, exchange.ending].filter((each) => each !== undefined)
  const isWanted = eventFilter(queryFilters(exchange))
  const sinceMs = timeOf(query, 'since')
  const untilMs = timeOf(query, 'until')
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    const [since, until] = [queryText(query, 'since'), queryText(query, 'until')]
    throw new EngineRequestError(400, `\`since\` time (${since}) cannot be after \`until\` time (${until})`)
  }
  const earlier = new Set(events.recent())
  const isDue = (event: EngineEvent): boolean => {
    const timeMs = event.timeNano / 1e6
    const isAsked = !earlier.has(event) || (sinceMs !== undefined && timeMs >= sinceMs)
    return isAsked && (untilMs === undefined || timeMs <= untilMs) && isWanted(event)
  }

  const { contentType, format } = eventFormat(version, request.headers['accept'])
  async function* lines(): ByteStream {
    // Also what happened between the request and the first read.
    const waiting = events.recent().filter(isDue)
    let wake = (): void => {}
    let isOver = over.some(({ aborted }) => aborted) || (untilMs !== undefined && untilMs <= Date.now())
    const end = (): void => {
      isOver = true
      wake()
    }
    const unsubscribe = events.subscribe((event) => {
      if (!isWanted(event)) return
      waiting.push(event)
      if (waiting.length > MAX_WAITING_EVENTS) end()
      wake()
    })
    const leftMs = untilMs === undefined ? Number.POSITIVE_INFINITY : untilMs - Date.now()
    const timer = leftMs <= MAX_TIMER_MS ? setTimeout(end, Math.max(0, leftMs)) : undefined
    for (const signal of over) signal.addEventListener('abort', end)
    try {
      for (;;) {
        const text = waiting.splice(0).map(format)
        if (text.length > 0) yield encodeText(text.join(''))
        if (isOver) return
        if (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      unsubscribe()
      clearTimeout(timer)
      for (const signal of over) signal.removeEventListener('abort', end)
    }
  }
  return { status: 200, headers: { 'content-type': contentType }, body: lines() }
}

/** A time of the query, in seconds since 1970 or by RFC 3339, as milliseconds. */
function timeOf(query: URLSearchParams, key: string): number | undefined {
  const text = queryText(query, key)
  if (text === undefined) return undefined
  const timeMs = /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : dateOf(text)
  if (Number.isNaN(timeMs)) throw new EngineRequestError(400, `invalid ${key}: ${quote(text)}`)
  return timeMs
}

/** Other texts are dates to JavaScript too, such as `x 1`. */
function dateOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}(?:T|$)/.test(text) ? Date.parse(text) : Number.NaN
}

/** An unknown filter lets everything through, as with Docker Engine. */
function eventFilter(filters: ReadonlyMap<string, readonly string[]>): (event: EngineEvent) => boolean {
  const among = (key: string, has: (wanted: string) => boolean): boolean => filters.get(key)?.some(has) ?? true
  return ({ Type, Action, Actor, scope }) => {
    const names = [Actor.ID, Actor.Attributes['name'] ?? '']
    return (
      OTHER_KINDS.every((key) => !filters.has(key)) &&
      among('type', (wanted) => wanted === Type) &&
      among('event', (wanted) => wanted === Action) &&
      among('scope', (wanted) => wanted === scope) &&
      among('image', (wanted) => names.some((name) => name === wanted || withoutTag(name) === wanted)) &&
      (filters.get('label') ?? []).every((wanted) => hasAttribute(Actor.Attributes, wanted))
    )
  }
}

/** A name without its tag, an ID without its digits. */
function withoutTag(name: string): string {
  return name.replace(/(?::[^/:@]*)?(?:@.*)?$/, '')
}

function hasAttribute(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals < 0) return Object.hasOwn(attributes, wanted)
  const key = wanted.slice(0, equals)
  return Object.hasOwn(attributes, key) && attributes[key] === wanted.slice(equals + 1)
}

/** Filters for kinds of events that this daemon does not have. */
const OTHER_KINDS: readonly string[] = [
  'container',
  'network',
  'volume',
  'plugin',
  'node',
  'service',
  'secret',
  'config',
]
