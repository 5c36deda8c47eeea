import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'

import { type ByteStream, freeBuffer } from '@drayage/bytes'
import { disk, throwWriteFailure, writeFully } from '@drayage/files'

import { OUTPUT_BLOCK_BYTES } from './write-blocks.ts'

/** Memory that spools share. */
export interface SpoolMemory {
  /** Takes memory, when there is that much. */
  take(bytes: number): boolean
  give(bytes: number): void
}

/** Memory of `bytes`, none of it taken. */
export function createSpoolMemory(bytes: number): SpoolMemory {
  let free = bytes
  return {
    take(wanted) {
      if (wanted > free) return false
      free -= wanted
      return true
    },
    give(returned) {
      free += returned
    },
  }
}

/** Bytes that wait: the first ones in memory, the others in a file without a name. */
export interface Spool extends AsyncDisposable {
  readonly size: number
  /** Keeps the bytes of `chunk`, which is free for reuse once this resolves. */
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
        kept.push(chunk.slice())
        keptBytes += chunk.byteLength
        return
      }
      file ??= await openUnnamed(directory)
      await writeFully(file, chunk, fileBytes).catch(throwWriteFailure(directory))
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
      const block = new Uint8Array(OUTPUT_BLOCK_BYTES)
      for (let position = 0; file !== undefined && position < fileBytes;) {
        const { bytesRead } = await file.read(block, 0, Math.min(OUTPUT_BLOCK_BYTES, fileBytes - position), position)
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

/** Opens a file that is gone once it is closed, also by the end of the process. @throws FileWriteError `ERR_FILE_WRITE` */
export async function openUnnamed(directory: string): Promise<FileHandle> {
  const path = join(directory, `.spool.${randomBytes(6).toString('hex')}.partial`)
  const file = await disk.open(path, 'wx+', 0o600).catch(throwWriteFailure(path))
  await disk.rm(path)
  return file
}
