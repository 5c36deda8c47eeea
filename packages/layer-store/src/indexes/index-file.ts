import type { AbortOptions } from '@drayage/bytes'
import { disk, fileBytes } from '@drayage/files'
import { zstdCompressSync } from 'node:zlib'

import { createIndexWriter, readIndex, type IndexWriter } from './index-lines.ts'
import { encodeTrailer } from './index-trailer.ts'
import type { LayerEntry } from './layer-entry.ts'

/** An index that is being written to a file. */
export interface IndexFile extends Omit<IndexWriter, 'finish'> {
  /** Writes the rest and the size of the tar, and makes the file durable. */
  close(size: number): Promise<void>
  /** Closes and removes the file. */
  drop(): Promise<void>
}

/** Starts an index at `path`, which must not exist. Its calls throw FileWriteError `ERR_FILE_WRITE`. */
export async function createIndexFile(path: string): Promise<IndexFile> {
  const file = await disk.open(path, 'wx')
  const writer = createIndexWriter((part) => file.appendFile(part))
  return {
    get count() {
      return writer.count
    },
    add: writer.add,
    flush: writer.flush,
    async close(size) {
      await writer.finish()
      // A stream of skippable frames alone is none.
      if (writer.count === 0) await file.appendFile(zstdCompressSync(new Uint8Array(0)))
      await file.appendFile(encodeTrailer({ size, entryCount: writer.count }))
      await file.sync()
      await file.close()
    },
    async drop() {
      await file.close()
      await disk.rm(path, { force: true })
    },
  }
}

/** The entries of the index at `path`, in the order of the tar. */
export async function* readIndexFile(path: string, options: AbortOptions): AsyncGenerator<LayerEntry, void, void> {
  const file = await disk.open(path)
  try {
    yield* readIndex(fileBytes(file, options), options)
  } finally {
    await file.close()
  }
}
