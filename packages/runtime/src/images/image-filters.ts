import { FilterError } from '../errors.ts'

/** Whether labels hold `name`, or `name=value`, as filters write them. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  if (equals < 0) return Object.hasOwn(labels, wanted)
  const name = wanted.slice(0, equals)
  return Object.hasOwn(labels, name) && labels[name] === wanted.slice(equals + 1)
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/**
 * A point in time in milliseconds since 1970, as Docker reads it: a duration of Go before now, seconds since 1970, or RFC 3339.
 *
 * @throws FilterError `ERR_FILTER`
 */
export function parseUntil(text: string, nowMs: number): number {
  if (/^\d{1,15}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000
  if (/^(\d{1,9}(\.\d{1,9})?(ns|us|µs|ms|s|m|h)){1,16}$/.test(text)) {
    const parts = [...text.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g)]
    return nowMs - parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT_MS.get(unit ?? '') ?? 0), 0)
  }
  const parsed = /^\d{4}-\d{2}-\d{2}/.test(text) && text.length < 64 ? Date.parse(text) : Number.NaN
  if (Number.isNaN(parsed)) throw new FilterError(`until=${text}`, 'a time by RFC 3339, seconds or a duration')
  return parsed
}
