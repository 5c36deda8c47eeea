/** Joins `chunks` into one new array. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let offset = 0
  for (const chunk of chunks) {
    joined.set(chunk, offset)
    offset += chunk.byteLength
  }
  return joined
}

/** Tells whether `a` and `b` hold the same bytes. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index])
}

/**
 * Frees the memory of an array that has been consumed, along with what precedes it in its buffer, instead of leaving it to
 * the garbage collector, which lets the buffers of a fast stream add up to some 50 MiB before it runs. An array that ends
 * before its buffer does is left alone, because the rest may be in use.
 *
 * Every array over a freed buffer is empty from then on, so nothing else may still use the buffer, a pending system call
 * included. Arrays from Node's shared pool, where `Buffer.from` puts small ones, never qualify.
 */
export function freeBuffer(used: Uint8Array): void {
  const { buffer } = used
  const isLastOfBuffer = used.byteOffset + used.byteLength === buffer.byteLength
  if (isLastOfBuffer && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
