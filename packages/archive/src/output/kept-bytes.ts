import type { FileHandle } from 'node:fs/promises'

import { type ByteStream, fromBytes } from '@drayage/bytes'
import { fileBytes, throwWriteFailure, writeFully } from '@drayage/files'

import { openUnnamed } from './spool.ts'

/** Bytes by name that are read again later, in one file without a name. */
export interface KeptBytes extends AsyncDisposable {
  append(name: string, bytes: Uint8Array): Promise<void>
  drop(name: string): void
  read(name: string): ByteStream
}

/** Creates an empty collection; its file comes into `directory` with the first bytes. */
export function createKeptBytes(directory: string): KeptBytes {
  const extents = new Map<string, { readonly start: number; readonly end: number }[]>()
  let file: Promise<FileHandle> | undefined
  let used = 0
  return {
    async append(name, bytes) {
      const start = used
      used += bytes.byteLength
      const own = extents.get(name) ?? []
      extents.set(name, own)
      file ??= openUnnamed(directory)
      await writeFully(await file, bytes, start).catch(throwWriteFailure(directory))
      own.push({ start, end: start + bytes.byteLength })
    },
    drop: (name) => void extents.delete(name),
    async *read(name) {
      const handle = await file
      for (const range of extents.get(name) ?? []) yield* handle === undefined ? fromBytes() : fileBytes(handle, range)
    },
    async [Symbol.asyncDispose]() {
      await (await file)?.close()
    },
  }
}
