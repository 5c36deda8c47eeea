import type { FileHandle } from 'node:fs/promises'

import type { ByteStream } from '@drayage/bytes'

const READ_BYTES = 262_144

/** The bytes of an open file from `start` to `end` or to its end, in fresh arrays. */
export async function* readFileBytes(file: FileHandle, start: number, end: number = Infinity): ByteStream {
  for (let position = start; position < end;) {
    const block = new Uint8Array(Math.min(READ_BYTES, end - position))
    const { bytesRead } = await file.read(block, 0, block.byteLength, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield block.subarray(0, bytesRead)
  }
}
