/** The most characters of foreign text that one line shows. */
const MAX_SHOWN = 1024

/**
 * Makes text that comes from a registry or an image safe for a terminal: control, bidirectional and other invisible
 * characters become `\u{...}`, and what is longer than 1 KiB is cut.
 */
export function escapeForTerminal(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  let escaped = ''
  for (const character of cut) {
    const point = character.codePointAt(0) ?? 0
    escaped += isInvisible(point) ? `\\u{${point.toString(16)}}` : character
  }
  return escaped
}

function isInvisible(point: number): boolean {
  return (
    point < 0x20 ||
    (point >= 0x7f && point <= 0x9f) ||
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x2028 && point <= 0x202e) ||
    (point >= 0x2066 && point <= 0x2069) ||
    point === 0xfeff ||
    (point >= 0xd800 && point <= 0xdfff)
  )
}
