import * as z from 'zod/mini'
import { quote, showJsonPath, valueAtJsonPath } from '@drayage/bytes'

import { isDigest, type DiffId, type Digest } from '@drayage/digest'

/** A codec from any JSON value to a `T`. */
export type Codec<T> = z.ZodMiniType<T>

/** Where a value does not fit its codec. */
export interface Misfit {
  /** Such as `layers[0].digest`; empty for the whole document. */
  readonly path: string
  readonly found: string
  readonly wanted: string
}

/** The decoded value, or the first place that does not fit. */
export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly misfit: Misfit }

/** Runs a codec. */
export function runCodec<T>(codec: Codec<T>, input: unknown): Decoded<T> {
  const result = z.safeParse(codec, input)
  if (result.success) return { ok: true, value: result.data }
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  const wanted = issue?.code === 'invalid_type' ? issue.expected : (issue?.message ?? 'another value')
  return { ok: false, misfit: { path: showJsonPath(path), found: describe(valueAtJsonPath(input, path)), wanted } }
}

/** An object that keeps unknown members; `null` for a known member means absent, and for the object no members. */
export function lenientObject<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodMiniPipe<z.ZodMiniTransform, z.ZodMiniObject<Shape, z.core.$loose>> {
  const known = Object.keys(shape)
  const withoutNulls = (value: unknown): unknown => {
    if (value === null) return {}
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

/** As {@link boundedArray}; empty when it is absent or, as Go writes a list that nothing was added to, `null`. */
export function listCodec<T>(element: Codec<T>, max: number): z.ZodMiniDefault<Codec<T[]>> {
  return z._default(boundedArray(element, max), [])
}

/** The schema version of what a media type describes: 2, or the 0 of tools in Go that leave it out. */
export const schemaVersionCodec: Codec<2> = z.pipe(
  z.union([z.literal(2), z.literal(0)], { error: '2' }),
  z.transform(() => 2 as const),
)

/** Go reads `null` for a text as an empty one. */
function orNoText(value: unknown): unknown {
  return value === null ? '' : value
}

/** A size in bytes: an integer that JavaScript holds exactly. */
export const sizeCodec: Codec<number> = z.custom<number>((value) => isSize(value), {
  error: 'a size in bytes from 0 to 2^53 - 1',
})

/** A digest of a supported algorithm. */
export const digestCodec: Codec<Digest> = z.custom<Digest>(isDigest, { error: 'a sha256 or sha512 digest' })

/** A DiffID. */
export const diffIdCodec: Codec<DiffId> = z.custom<DiffId>(isDigest, { error: 'a sha256 or sha512 digest' })

/** Strings; checked as a whole, so that a long list of wrong values is one misfit. */
export const textsCodec: Codec<string[]> = z.pipe(
  z.transform((value: unknown): unknown => (Array.isArray(value) ? value.map(orNoText) : value)),
  z.custom<string[]>((value) => Array.isArray(value) && value.every((item) => typeof item === 'string'), {
    error: 'an array of strings',
  }),
)

/** Strings, or a single string that is decoded as an array of one. */
export const textOrTextsCodec: Codec<string[]> = z.pipe(
  z.transform((value: unknown): unknown => (typeof value === 'string' ? [value] : value)),
  textsCodec,
)

/** Strings by name, in an object without prototype, so that no name has a meaning to JavaScript. */
export const textMapCodec: Codec<Record<string, string>> = z.pipe(
  z.custom<Record<string, string | null>>(
    (value) => isRecord(value) && Object.values(value).every((item) => item === null || typeof item === 'string'),
    { error: 'an object of strings' },
  ),
  z.transform((map: Record<string, string | null>): Record<string, string> => {
    return bare(map, (text) => text ?? '')
  }),
)

/** A set of names, written as an object of empty objects; the values are kept. */
export const nameSetCodec: Codec<Record<string, unknown>> = z.pipe(
  z.custom<Record<string, unknown>>(isRecord, { error: 'an object' }),
  z.transform((map: Record<string, unknown>): Record<string, unknown> => bare(map, (value) => value)),
)

/** Tells whether `value` is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSize(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function bare<T, R>(map: Readonly<Record<string, T>>, each: (value: T) => R): Record<string, R> {
  const copy = Object.create(null) as Record<string, R>
  for (const [name, value] of Object.entries(map)) copy[name] = each(value)
  return copy
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (isRecord(value)) return 'an object'
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}
