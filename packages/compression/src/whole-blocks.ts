import type { ByteStream } from '@drayage/bytes'

/**
 * Joins neighbouring views of one buffer: zlib fills its blocks in several steps and yields a view for each. What comes
 * out owns its buffer whole, so that it can be moved to another thread without a copy; only the last block may not.
 */
export async function* wholeBlocks(source: ByteStream): ByteStream {
  let pending: Uint8Array | undefined
  for await (const chunk of source) {
    if (pending !== undefined && isNext(pending, chunk)) {
      pending = new Uint8Array(pending.buffer, pending.byteOffset, pending.byteLength + chunk.byteLength)
    } else {
      if (pending !== undefined) yield pending
      pending = chunk
    }
    if (pending.byteOffset + pending.byteLength === pending.buffer.byteLength) {
      yield pending
      pending = undefined
    }
  }
  if (pending !== undefined) yield pending
}

function isNext(before: Uint8Array, after: Uint8Array): boolean {
  return before.buffer === after.buffer && before.byteOffset + before.byteLength === after.byteOffset
}
