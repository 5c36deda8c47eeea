/** JSON as Go writes it, which escapes what could end a script in HTML. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const NO_TIME = '0001-01-01T00:00:00Z'

/** A time in the shortest form, as Go writes it: without zeros at the end of its fraction. It is any text, of any length. */
export function legacyTime(created: string): string {
  if (created === '') return NO_TIME
  const point = created.indexOf('.')
  if (point < 0) return created
  let end = point + 1
  while (isDigit(created, end)) end++
  if (!['Z', '+', '-'].includes(created.charAt(end))) return created
  let kept = end
  while (created.charAt(kept - 1) === '0') kept--
  return created.slice(0, kept === point + 1 ? point : kept) + created.slice(end)
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}
