/** Characters that move a cursor, hide or reorder text: C1 controls, DEL, zero-width, bidirectional and line separators. */
const HIDDEN = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Text from the network as part of one line that is safe on a terminal and in a log; cut after `maxLength` characters. */
export function escapeText(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return JSON.stringify(cut)
    .slice(1, -1)
    .replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
