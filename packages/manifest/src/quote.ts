const LONGEST_SHOWN = 160

// What JSON leaves as it is though a terminal acts on it: C1 controls, direction marks, line separators.
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

/** Untrusted text as it may stand in a message: in quotes, escaped, at most 160 characters of it. */
export function quote(text: string): string {
  const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text
  return JSON.stringify(shown).replace(UNSAFE, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
