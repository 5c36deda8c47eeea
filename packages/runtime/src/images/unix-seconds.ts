/** A time by RFC 3339 as Docker's lists give it: whole seconds since 1970, and 0 when it is not known. */
export function unixSeconds(time: string | undefined): number {
  return Math.floor((Date.parse(time ?? '') || 0) / 1000)
}
