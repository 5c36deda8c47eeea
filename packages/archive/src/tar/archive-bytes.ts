import type { FileHandle } from 'node:fs/promises'

import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { fileBytes } from '@drayage/files'

import { ArchiveFormatError } from '../errors.ts'

/** The bytes of an uncompressed archive, read anywhere. */
export interface ArchiveBytes extends AsyncDisposable {
  /** In bytes. */
  readonly size: number
  /** The bytes from `start` to `end`, fewer where the archive ends before. */
  readAt(start: number, end: number): Promise<Uint8Array>
  /** The bytes from `start` to `end`; the stream throws when the archive ends before. */
  open(start: number, end: number, options?: AbortOptions): ByteStream
}

/** Reads an open file, which is closed by disposing the result. */
export function archiveBytes(file: FileHandle, size: number): ArchiveBytes {
  return {
    size,
    async readAt(start, end) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start))
      let done = 0
      while (done < bytes.byteLength) {
        const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, start + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return bytes.subarray(0, done)
    },
    async *open(start, end, options = {}) {
      let position = start
      for await (const chunk of abortable(fileBytes(file, { start, end }), options)) {
        position += chunk.byteLength
        yield chunk
      }
      if (position < end) throw new ArchiveFormatError('tar', `it ends at byte ${position}, expected ${end} bytes`)
    },
    async [Symbol.asyncDispose]() {
      await file.close()
    },
  }
}
