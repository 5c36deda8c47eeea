import { createCipheriv, createHash } from 'node:crypto'

const BLOCK_BYTES = 1024 * 1024

/** Bytes that depend only on `seed`, look random and do not compress; a shorter request gives a prefix of a longer one. */
export function randomBytes(seed: string | number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const block of randomBlocks(seed, length)) {
    bytes.set(block, offset)
    offset += block.byteLength
  }
  return bytes
}

/** The bytes of {@link randomBytes} in blocks of at most 1 MiB, for content larger than memory. */
export function* randomBlocks(seed: string | number, length: number): Generator<Uint8Array> {
  const key = createHash('sha256').update(String(seed)).digest().subarray(0, 16)
  const cipher = createCipheriv('aes-128-ctr', key, new Uint8Array(16))
  const zeros = new Uint8Array(BLOCK_BYTES)
  for (let left = length; left > 0; left -= BLOCK_BYTES) {
    yield Uint8Array.from(cipher.update(zeros.subarray(0, Math.min(left, BLOCK_BYTES))))
  }
}
