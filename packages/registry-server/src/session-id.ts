const FORM = /^[0-9a-f]{32}$/

/** Makes the id of an upload session: 128 random bits in hex. */
export function newSessionId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Tells whether `text` has the form of an id of an upload session. */
export function isSessionId(text: string): boolean {
  return FORM.test(text)
}
