import type { AbortOptions } from '@drayage/bytes'
import { throwWriteFailure } from '@drayage/files'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'

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
  const fail = throwWriteFailure(path)
  const file = await open(path, 'wx').catch(fail)
  const writer = createIndexWriter((part) => file.appendFile(part).catch(fail))
  return {
    get count() {
      return writer.count
    },
    add: writer.add,
    flush: writer.flush,
    async close() {
      await writer.finish()
      await file.sync().catch(fail)
      await file.close()
    },
    async drop() {
      await file.close()
      await rm(path, { force: true })
    },
  }
}

/** The entries of the index at `path`, in the order of the tar. */
export function readIndexFile(path: string, options: AbortOptions): AsyncGenerator<LayerEntry, void, void> {
  return readIndex(createReadStream(path), options)
}
