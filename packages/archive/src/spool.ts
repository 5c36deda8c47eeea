import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { type ByteStream, freeBuffer } from '@drayage/bytes'

import type { SpoolMemory } from './spool-memory.ts'
import { BLOCK_BYTES } from './write-blocks.ts'
import { writeFully } from './write-fully.ts'

/** Bytes that wait: the first ones in memory, the others in a file without a name. */
export interface Spool extends AsyncDisposable {
  readonly size: number
  /** Keeps `chunk`, which is given away. */
  append(chunk: Uint8Array): Promise<void>
  /** All bytes, once no more are appended; each array is empty with the next step. */
  read(): ByteStream
}

/** Creates an empty spool that keeps in memory what there is room for, and the rest in `directory`. */
export function createSpool(directory: string, memory: SpoolMemory): Spool {
  const kept: Uint8Array[] = []
  let keptBytes = 0
  let fileBytes = 0
  let file: FileHandle | undefined

  return {
    get size() {
      return keptBytes + fileBytes
    },
    async append(chunk) {
      if (file === undefined && memory.take(chunk.byteLength)) {
        // Whoever keeps a few bytes must not keep a block for them.
        kept.push(chunk.byteLength === chunk.buffer.byteLength ? chunk : chunk.slice())
        keptBytes += chunk.byteLength
        return
      }
      file ??= await openUnnamed(directory)
      await writeFully(file, chunk, fileBytes)
      fileBytes += chunk.byteLength
    },
    async *read() {
      for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) {
        const { byteLength } = chunk
        try {
          yield chunk
          // Not after a failure: it may still be being written then.
          freeBuffer(chunk)
        } finally {
          memory.give(byteLength)
        }
      }
      const block = new Uint8Array(BLOCK_BYTES)
      for (let position = 0; file !== undefined && position < fileBytes;) {
        const { bytesRead } = await file.read(block, 0, Math.min(BLOCK_BYTES, fileBytes - position), position)
        if (bytesRead === 0) throw new Error('Cannot read the spool: it ended early')
        position += bytesRead
        yield block.subarray(0, bytesRead)
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { byteLength } of kept.splice(0)) memory.give(byteLength)
      const open = file
      file = undefined
      await open?.close()
    },
  }
}

/** A file that goes when it is closed, also by the end of the process. */
export async function openUnnamed(directory: string): Promise<FileHandle> {
  const path = join(directory, `.spool.${randomBytes(6).toString('hex')}.partial`)
  const file = await open(path, 'wx+', 0o600)
  await rm(path)
  return file
}
