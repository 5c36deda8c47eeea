/** The most characters of foreign text that one line shows. */
export const MAX_SHOWN = 1024

/** Controls, formatting such as bidirectional marks and zero-width characters, lone surrogates, private use, separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu

/**
 * Makes text that comes from a registry or an image safe for a terminal: characters that are not seen or steer the
 * terminal become `\u{...}`, and what is longer than `maxLength`, 1 KiB by default, is cut.
 */
export function escapeForTerminal(text: string, maxLength: number = MAX_SHOWN): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return cut.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** JSON that means the same as `JSON.stringify` gives and is safe for a terminal, at any length. */
export function terminalJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent) ?? 'null'
  return text.replace(INVISIBLE, (character) => (character === '\n' ? character : unicodeEscape(character)))
}

function unicodeEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
  ).join('')
}
