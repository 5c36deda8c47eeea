import { EngineRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'

/** A switch of the query: on unless it is absent or one of Go's words for false. */
export function booleanOf(query: URLSearchParams, key: string): boolean {
  const text = (query.get(key) ?? '').trim().toLowerCase()
  return !['', '0', 'no', 'false', 'none'].includes(text)
}

/** A text of the query; `undefined` when it is absent or empty. */
export function textOf(query: URLSearchParams, key: string): string | undefined {
  const text = query.get(key)
  return text === null || text === '' ? undefined : text
}

/** Longest filter that is read, in characters. */
const MAX_FILTERS = 65_536

/**
 * The filters of a query: `{"label":["a=b"]}`, or the older `{"label":{"a=b":true}}`.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 400
 */
export function filtersOf({ query }: Exchange): ReadonlyMap<string, readonly string[]> {
  const text = query.get('filters') ?? ''
  if (text === '') return new Map()
  const invalid = (cause?: unknown): EngineRequestError =>
    new EngineRequestError(400, `invalid filter: found ${JSON.stringify(text.slice(0, 160))}`, { cause })
  if (text.length > MAX_FILTERS) throw invalid()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw invalid(error)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw invalid()
  return new Map(
    Object.entries(parsed).map(([key, value]: [string, unknown]) => {
      const values = filterValues(value)
      if (values === undefined) throw invalid()
      return [key, values]
    }),
  )
}

function filterValues(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string') ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).flatMap(([key, isOn]) => (isOn === true ? [key] : []))
}
