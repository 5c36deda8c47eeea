/** A text of a tar as its writer meant it, and its bytes where they are not UTF-8. */
export type TarText = string | Uint8Array

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lax = new TextDecoder('utf-8', { ignoreBOM: true })

/** The text of a field, up to its first NUL. */
export function fieldText(field: Uint8Array): TarText {
  const end = field.indexOf(0)
  return tarText(end < 0 ? field : field.subarray(0, end))
}

/** The text that bytes are; a copy of them where they are not UTF-8. */
export function tarText(bytes: Uint8Array): TarText {
  try {
    return strict.decode(bytes)
  } catch {
    return bytes.slice()
  }
}

/** A text to read; bytes that are not UTF-8 become U+FFFD. */
export function readable(text: TarText): string {
  return typeof text === 'string' ? text : lax.decode(text)
}

/**
 * The number in a field: big-endian base 256 when the first bit is set, else octal digits between spaces and NULs; `undefined`
 * for anything else. Numbers beyond 2^53 lose precision.
 */
export function numberOf(field: Uint8Array): number | undefined {
  const first = field[0] ?? 0
  return (first & 0x80) === 0 ? octalOf(field) : base256Of(field, first)
}

/** The number in octal digits; 0 for a field without any. What follows a NUL after the digits does not count. */
export function octalOf(field: Uint8Array): number | undefined {
  let start = 0
  let end = field.byteLength
  while (start < end && isBlank(field[start])) start++
  while (end > start && isBlank(field[end - 1])) end--
  let value = 0
  for (let at = start; at < end && field[at] !== 0; at++) {
    const digit = (field[at] ?? 0) - 0x30
    if (digit < 0 || digit > 7) return undefined
    value = value * 8 + digit
  }
  return value
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0
}

function base256Of(field: Uint8Array, first: number): number | undefined {
  const isNegative = (first & 0x40) !== 0
  let value = BigInt(isNegative ? first | ~0xff : first & 0x7f)
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
  return BigInt.asIntN(64, value) === value ? Number(value) : undefined
}

/** A decimal integer of 64 bits, with a sign or without; `undefined` for anything else. */
export function integerOf(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined
  const value = Number(text)
  if (Math.abs(value) < 2 ** 53) return value
  const exact = BigInt(text.replace('+', ''))
  return BigInt.asIntN(64, exact) === exact ? value : undefined
}

/** A point in time: whole seconds since 1970, and what follows them. */
export interface TarTime {
  readonly seconds: number
  /** From 0 to 999,999,999, also before 1970. */
  readonly nanoseconds: number
}

/** A time of a PAX record: seconds with an optional fraction, of which nine digits count. */
export function timeOf(text: string): TarTime | undefined {
  const parts = /^([^.]*)(?:\.([0-9]*))?$/.exec(text)
  const seconds = integerOf(parts?.[1] ?? '')
  if (seconds === undefined) return undefined
  const nanoseconds = Number((parts?.[2] ?? '').slice(0, 9).padEnd(9, '0'))
  if (!text.startsWith('-') || nanoseconds === 0) return { seconds, nanoseconds }
  return { seconds: seconds - 1, nanoseconds: 1e9 - nanoseconds }
}
