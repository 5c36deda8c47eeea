import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { ByteStream } from '@drayage/bytes'

import { BLOCK_BYTES } from './write-blocks.ts'
import { writeFully } from './write-fully.ts'

/** Bytes that wait: the first ones in memory, the others in a file without a name. */
export interface Spool extends AsyncDisposable {
  readonly size: number
  /** Keeps `chunk`, which is not to be changed afterwards. */
  append(chunk: Uint8Array): Promise<void>
  /** All bytes, once no more are appended. */
  read(): ByteStream
}

/** Creates an empty spool that keeps up to `memoryBytes` in memory and the rest in `directory`. */
export function createSpool(directory: string, memoryBytes: number): Spool {
  const kept: Uint8Array[] = []
  let keptBytes = 0
  let fileBytes = 0
  let file: FileHandle | undefined

  return {
    get size() {
      return keptBytes + fileBytes
    },
    async append(chunk) {
      if (file === undefined && keptBytes + chunk.byteLength <= memoryBytes) {
        kept.push(chunk)
        keptBytes += chunk.byteLength
        return
      }
      file ??= await openUnnamed(directory)
      await writeFully(file, chunk, fileBytes)
      fileBytes += chunk.byteLength
    },
    async *read() {
      for (let chunk = kept.shift(); chunk !== undefined; chunk = kept.shift()) yield chunk
      const block = new Uint8Array(BLOCK_BYTES)
      for (let position = 0; file !== undefined && position < fileBytes;) {
        const { bytesRead } = await file.read(block, 0, Math.min(BLOCK_BYTES, fileBytes - position), position)
        if (bytesRead === 0) throw new Error('Cannot read the spool: it ended early')
        position += bytesRead
        yield block.subarray(0, bytesRead)
      }
    },
    async [Symbol.asyncDispose]() {
      kept.length = 0
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
