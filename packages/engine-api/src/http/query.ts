import { quote } from '@drayage/bytes'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'

/** A switch of the query: off if it is absent or one of Go's words for false. */
export function querySwitch(query: URLSearchParams, key: string): boolean {
  const text = (query.get(key) ?? '').trim().toLowerCase()
  return !['', '0', 'no', 'false', 'none'].includes(text)
}

/** A text of the query; `undefined` if it is absent or empty. */
export function queryText(query: URLSearchParams, key: string): string | undefined {
  const text = query.get(key)
  return text === null || text === '' ? undefined : text
}

/** The longest filters that are read, in characters. */
const MAX_FILTERS = 65_536

/**
 * The filters of a query: `{"label":["a=b"]}`, or the older `{"label":{"a=b":true}}`. One without values filters nothing.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function queryFilters({ query }: Exchange): ReadonlyMap<string, readonly string[]> {
  const text = query.get('filters') ?? ''
  if (text === '') return new Map()
  const invalid = (cause?: unknown): EngineRequestError =>
    new EngineRequestError(400, `invalid filter: ${quote(text, 160)}`, { cause })
  if (text.length > MAX_FILTERS) throw invalid()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw invalid(error)
  }
  // As Go writes a map or a list that nothing was added to.
  if (parsed === null) return new Map()
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw invalid()
  return new Map(
    Object.entries(parsed).flatMap(([key, value]: [string, unknown]) => {
      const values = filterValues(value)
      if (values === undefined) throw invalid()
      return values.length === 0 ? [] : [[key, values]]
    }),
  )
}

function filterValues(value: unknown): readonly string[] | undefined {
  if (value === null) return []
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? value : undefined
  if (typeof value !== 'object') return undefined
  return Object.entries(value).flatMap(([key, isOn]) => (isOn === true ? [key] : []))
}
