const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The UTF-8 bytes of `text`. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * The text whose UTF-8 form is `bytes`; a byte order mark is kept.
 *
 * @throws TypeError when `bytes` is not valid UTF-8
 */
export function decodeText(bytes: Uint8Array): string {
  return strict.decode(bytes)
}
