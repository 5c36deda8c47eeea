/** What a `Content-Range` header says, in bytes; `total` is `undefined` when it is `*`. */
export interface ContentRange {
  readonly first: number
  readonly last: number
  readonly total: number | undefined
}

/** Reads a satisfied `Content-Range` header; `undefined` when it is anything else. @see RFC 9110, section 14.4 */
export function parseContentRange(text: string): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(text.slice(0, 80).trim())
  if (match === null) return undefined
  const first = Number(match[1])
  const last = Number(match[2])
  const total = match[3] === '*' ? undefined : Number(match[3])
  const safe = [first, last, total ?? 0].every((value) => Number.isSafeInteger(value))
  if (!safe || last < first || (total !== undefined && last >= total)) return undefined
  return { first, last, total }
}
