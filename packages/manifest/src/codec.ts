import * as z from 'zod/mini'

import { isDigest, type DiffId, type Digest } from '@drayage/digest'

import { quote } from './quote.ts'

/** A codec that accepts any JSON value and gives a `T`. */
export type Codec<T> = z.ZodMiniType<T>

/** Where a value does not fit its codec. */
export interface Misfit {
  /** Such as `layers[0].digest`; empty for the whole document. */
  readonly path: string
  readonly found: string
  readonly wanted: string
}

/** The value as its codec gives it, or the first place where it does not fit. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly misfit: Misfit }

/** Runs a codec. */
export function runCodec<T>(codec: Codec<T>, input: unknown): Decoded<T> {
  const result = z.safeParse(codec, input)
  if (result.success) return { ok: true, value: result.data }
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  const wanted = issue?.code === 'invalid_type' ? issue.expected : (issue?.message ?? 'another value')
  return { ok: false, misfit: { path: showPath(path), found: describe(valueAt(input, path)), wanted } }
}

/** An object that keeps members it does not know; `null` for a known member is as if it were absent. */
export function lenientObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodMiniPipe<z.ZodMiniTransform, z.ZodMiniObject<Shape, z.core.$loose>> {
  const known = Object.keys(shape)
  const withoutNulls = (value: unknown): unknown => {
    if (!isRecord(value) || !known.some((key) => value[key] === null)) return value
    return Object.fromEntries(Object.entries(value).filter(([key, member]) => member !== null || !known.includes(key)))
  }
  return z.pipe(z.transform(withoutNulls), z.looseObject(shape))
}

/** An array of at most `max` elements; the count is checked before any element is. */
export function boundedArray<T>(element: Codec<T>, max: number): Codec<T[]> {
  const short = z.custom((value) => !Array.isArray(value) || value.length <= max, {
    error: `at most ${max} items`,
  })
  return z.pipe(short, z.array(element))
}

/** A size in bytes: an integer that JavaScript holds exactly. */
export const sizeCodec: Codec<number> = z.custom<number>((value) => isSize(value), {
  error: 'a size in bytes from 0 to 2^53 - 1',
})

/** A digest of a supported algorithm. */
export const digestCodec: Codec<Digest> = z.custom<Digest>(isDigest, { error: 'a sha256 or sha512 digest' })

/** A DiffID. */
export const diffIdCodec: Codec<DiffId> = z.custom<DiffId>(isDigest, { error: 'a sha256 or sha512 digest' })

/** Texts; checked as one, so that a long list of wrong values is one misfit. */
export const textsCodec: Codec<string[]> = z.custom<string[]>(
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  { error: 'an array of strings' },
)

/** Texts, or one text that stands for itself in an array. */
export const textOrTextsCodec: Codec<string[]> = z.pipe(
  z.transform((value: unknown): unknown => (typeof value === 'string' ? [value] : value)),
  textsCodec,
)

/** Texts by name, in an object without prototype: no name has a meaning to JavaScript. */
export const textMapCodec: Codec<Record<string, string>> = z.pipe(
  z.custom<Record<string, string>>(
    (value) => isRecord(value) && Object.values(value).every((item) => typeof item === 'string'),
    { error: 'an object of strings' },
  ),
  z.transform((map: Record<string, string>): Record<string, string> => bare(map)),
)

/** A set of names, written as an object of empty objects; the values are kept. */
export const nameSetCodec: Codec<Record<string, unknown>> = z.pipe(
  z.custom<Record<string, unknown>>(isRecord, { error: 'an object' }),
  z.transform((map: Record<string, unknown>): Record<string, unknown> => bare(map)),
)

/** Tells whether `value` is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSize(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function bare<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  const copy = Object.create(null) as Record<string, T>
  for (const [name, value] of Object.entries(map)) copy[name] = value
  return copy
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = input
  for (const key of path) value = value !== null && typeof value === 'object' ? Reflect.get(value, key) : undefined
  return value
}

function showPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((shown, key) => {
    if (typeof key === 'number') return `${shown}[${key}]`
    return shown === '' ? String(key) : `${shown}.${String(key)}`
  }, '')
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (isRecord(value)) return 'an object'
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}
