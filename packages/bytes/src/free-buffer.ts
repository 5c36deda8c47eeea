/**
 * Frees the memory of an array that is used up, together with what came before it in its buffer, instead of leaving it to
 * the garbage collector, which lets the buffers of a fast stream add up to some 50 MiB before it sees a reason to look.
 * An array that ends before its buffer does is left alone, as what follows may be in use. Every array over a freed buffer
 * is empty from then on, so nobody else may use the buffer, nor a call of the system that still runs; Node's shared pool,
 * where `Buffer.from` puts small arrays, is never the caller's alone.
 */
export function freeBuffer(used: Uint8Array): void {
  const { buffer } = used
  const isLastOfBuffer = used.byteOffset + used.byteLength === buffer.byteLength
  if (isLastOfBuffer && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
