/** The part of a body that a `Range` header asks for; `end` is the last byte's offset. */
export type ByteRange = 'whole' | 'unsatisfiable' | { readonly start: number; readonly end: number }

const SINGLE = /^bytes=([0-9]{0,16})-([0-9]{0,16})$/

/**
 * Reads a `Range` header against a body of `size` bytes. Other units, several ranges and malformed headers mean the whole
 * body, as the RFC allows; a range that ends before it starts is rejected, which it allows too.
 *
 * @see RFC 9110, sections 14.1.2 and 14.2
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange {
  const match = header === undefined ? null : SINGLE.exec(header.trim())
  if (match === null) return 'whole'
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return 'whole'
    const suffix = Number(last)
    if (suffix === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(0, size - suffix), end: size - 1 }
  }
  const start = Number(first)
  if (start >= size || (last !== '' && Number(last) < start)) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** The bytes that an upload's request says it carries; `end` is the last byte's offset. */
export interface ContentRange {
  readonly start: number
  readonly end: number
}

const CHUNK = /^(?:bytes[ =])?([0-9]{1,16})-([0-9]{1,16})(?:\/(?:\*|[0-9]{1,16}))?$/

/**
 * Reads the `Content-Range` of an upload: `<start>-<end>` of the distribution-spec, also with a unit and a total.
 *
 * @returns `undefined` when it is malformed
 * @see OCI distribution-spec v1.1.1, "Pushing a blob in chunks"
 */
export function parseContentRange(header: string): ContentRange | undefined {
  const match = CHUNK.exec(header.trim())
  if (match === null) return undefined
  const start = Number(match[1])
  const end = Number(match[2])
  return end < start - 1 || !Number.isSafeInteger(end) ? undefined : { start, end }
}
