const LONGEST_SHOWN = 160

/** Text from an archive as it may appear in messages: quoted, without control characters, cut. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text)
}
