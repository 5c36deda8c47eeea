import { MAX_QUOTED } from './limits.ts'

/** Characters that move a cursor, hide or reorder text: C1 controls, DEL, zero-width, bidirectional and line separators. */
const HIDDEN = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/**
 * Text from the network as one quoted line that is safe on a terminal and in a log; longer text is cut at `maxLength`
 * characters, 256 by default.
 */
export function quote(text: string, maxLength: number = MAX_QUOTED): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return JSON.stringify(cut).replace(HIDDEN, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
