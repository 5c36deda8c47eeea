/** How many characters of foreign text a message quotes by default. */
export const MAX_QUOTED = 256

/**
 * Characters that are invisible or that control the display: control and format characters (bidirectional marks,
 * zero-width characters), lone surrogates, private use, line and paragraph separators.
 *
 * @see Unicode 16, general categories Cc, Cf, Cs, Co, Zl and Zp
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Makes foreign text safe for terminals and logs: invisible characters become `\u{...}`, so it stays on one line. Text
 * longer than `maxLength` UTF-16 units, 256 by default, is cut and ends in `…`.
 */
export function escapeText(text: string, maxLength: number = MAX_QUOTED): string {
  return cut(text, maxLength).replace(INVISIBLE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
}

/**
 * Quotes foreign text for a message, as a JSON string with its invisible characters escaped. Text longer than `maxLength`
 * UTF-16 units, 256 by default, is cut and ends in `…`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { quote } from '@drayage/bytes'
 *
 * assert.equal(quote('a\u202etxt.exe'), '"a\\u202etxt.exe"')
 * ```
 */
export function quote(text: string, maxLength: number = MAX_QUOTED): string {
  return escapeJson(cut(text, maxLength))
}

/**
 * Writes a value as JSON that is safe on a terminal: the output of `JSON.stringify` with invisible characters in strings
 * escaped. It is never cut and parses back to the same value.
 */
export function escapeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent) ?? 'null'
  return text.replace(INVISIBLE, (char) => (char === '\n' ? char : codeUnits(char)))
}

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
}

function codeUnits(char: string): string {
  return Array.from({ length: char.length }, (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`).join(
    '',
  )
}
