import type { FileHandle } from 'node:fs/promises'

import type { AbortOptions, ByteStream } from '@drayage/bytes'

/** How much is read at once. */
const READ_BYTES = 262_144

/** Which bytes of a file to read. */
export interface FileBytesOptions extends AbortOptions {
  readonly start: number
  /** Where to end; at the end of the file by default. */
  readonly end?: number
}

/**
 * The bytes of an open file, in arrays that the consumer may keep; the next one is read while the consumer works. The
 * handle stays open, and no read of it is in flight once the stream has ended.
 */
export async function* fileBytes(handle: FileHandle, options: FileBytesOptions): ByteStream {
  const { start, end = Infinity, signal } = options
  const readAt = (position: number): Promise<Uint8Array> => {
    const reading = readBlock(handle, position, Math.min(READ_BYTES, end - position))
    reading.catch(() => {})
    return reading
  }
  let position = start
  let next = readAt(position)
  try {
    for (;;) {
      const block = await next
      signal?.throwIfAborted()
      if (block.byteLength === 0) return
      position += block.byteLength
      next = readAt(position)
      yield block
      signal?.throwIfAborted()
    }
  } finally {
    await next.catch(() => {})
  }
}

async function readBlock(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  if (length <= 0) return new Uint8Array(0)
  const buffer = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await handle.read(buffer, 0, length, position)
  const bytes = new Uint8Array(buffer.buffer, 0, bytesRead)
  // Whoever keeps a few bytes must not keep a block for them.
  return bytesRead < length / 2 ? bytes.slice() : bytes
}
