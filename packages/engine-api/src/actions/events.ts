import { encodeText, type ByteStream } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'

import type { EngineEvent } from '../engine-events.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { filtersOf, textOf } from '../query.ts'

/** Most events that wait for a client that reads slowly; then it is left. */
const MAX_WAITING_EVENTS = 4096

/** Longest time that a timer waits, in milliseconds; a later end is not waited for. */
const MAX_TIMER_MS = 2_147_483_647

/** `GET /events[?since=T][&until=T][&filters=...]`: past events that are still known, then those to come. */
export async function eventsAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, events } = exchange
  const over = [exchange.request.signal, exchange.ending].filter((each) => each !== undefined)
  const isWanted = eventFilter(filtersOf(exchange))
  const sinceMs = timeOf(query, 'since')
  const untilMs = timeOf(query, 'until')
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    const [since, until] = [textOf(query, 'since'), textOf(query, 'until')]
    throw new EngineRequestError(400, `\`since\` time (${since}) cannot be after \`until\` time (${until})`)
  }
  const past = sinceMs === undefined ? [] : events.recent().filter((event) => event.timeNano / 1e6 >= sinceMs)
  const waiting = past.filter((event) => untilMs === undefined || event.timeNano / 1e6 <= untilMs).filter(isWanted)

  async function* lines(): ByteStream {
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
        const text = waiting.splice(0).map((event) => `${JSON.stringify(event)}\n`)
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
  return { status: 200, headers: { 'content-type': 'application/json' }, body: lines() }
}

/** A time in seconds since 1970 with a fraction, or by RFC 3339, in milliseconds. */
function timeOf(query: URLSearchParams, key: string): number | undefined {
  const text = textOf(query, key)
  if (text === undefined) return undefined
  const timeMs = /^\d{1,15}(\.\d{1,9})?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(timeMs)) throw new EngineRequestError(400, `invalid ${key}: found ${JSON.stringify(text)}`)
  return timeMs
}

/** A filter that is not known lets all through, as with Docker Engine. */
function eventFilter(filters: ReadonlyMap<string, readonly string[]>): (event: EngineEvent) => boolean {
  const among = (key: string, has: (wanted: string) => boolean): boolean => filters.get(key)?.some(has) ?? true
  return ({ Type, Action, Actor, scope }) => {
    const names = [Actor.ID, Actor.Attributes['name'] ?? '']
    return (
      OF_OTHERS.every((key) => !filters.has(key)) &&
      among('type', (wanted) => wanted === Type) &&
      among('event', (wanted) => wanted === Action) &&
      among('scope', (wanted) => wanted === scope) &&
      among('image', (wanted) => names.some((name) => name === wanted || withoutTag(name) === wanted)) &&
      (filters.get('label') ?? []).every((wanted) => hasAttribute(Actor.Attributes, wanted))
    )
  }
}

/** The name before its tag; an ID before its digits. */
function withoutTag(name: string): string {
  return name.replace(/(?::[^/:@]*)?(?:@.*)?$/, '')
}

function hasAttribute(attributes: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals < 0) return Object.hasOwn(attributes, wanted)
  const key = wanted.slice(0, equals)
  return Object.hasOwn(attributes, key) && attributes[key] === wanted.slice(equals + 1)
}

/** Filters for events of what this daemon does not have. */
const OF_OTHERS: readonly string[] = ['container', 'network', 'volume', 'plugin', 'node', 'service', 'secret', 'config']
