import type { AbortOptions } from '@drayage/bytes'
import { disk, fileBytes } from '@drayage/files'

import { createIndexWriter, readIndex, type IndexWriter } from './index-lines.ts'
import type { LayerEntry } from './layer-entry.ts'

/** An index that is being written to a file. */
export interface IndexFile extends Omit<IndexWriter, 'finish'> {
  /** Writes the rest and makes the file durable. */
  close(): Promise<void>
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
    async close() {
      await writer.finish()
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
