import { decompress } from '@drayage/compression'
import type { AbortOptions } from '@drayage/bytes'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { constants, zstdCompressSync } from 'node:zlib'

import type { TarEntry } from './tar-entry.ts'

/** Text that is gathered before it is compressed and written, in UTF-16 units. */
const BATCH_LENGTH = 256 * 1024
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

/** An index that is being written: one JSON object per line, in zstd frames. */
export interface IndexFile {
  /** Entries added so far. */
  readonly count: number
  add(entry: TarEntry): void
  /** Writes what has been added when it is enough to be worth it. */
  flush(): Promise<void>
  /** Writes the rest and makes the file durable. */
  close(): Promise<void>
  /** Closes and removes the file. */
  drop(): Promise<void>
}

/** Starts an index at `path`, which must not exist. */
export async function createIndexFile(path: string): Promise<IndexFile> {
  const file = await open(path, 'wx')
  let batch: string[] = []
  let length = 0
  let count = 0
  const write = async (): Promise<void> => {
    const bytes = zstdCompressSync(batch.join(''), FAST)
    batch = []
    length = 0
    await file.appendFile(bytes)
  }
  return {
    get count() {
      return count
    },
    add(entry) {
      const line = `${JSON.stringify(entry)}\n`
      batch.push(line)
      length += line.length
      count += 1
    },
    async flush() {
      if (length >= BATCH_LENGTH) await write()
    },
    async close() {
      if (length > 0) await write()
      await file.sync()
      await file.close()
    },
    async drop() {
      await file.close()
      await rm(path, { force: true })
    },
  }
}

/** The entries of the index at `path`, in the order of the tar. */
export async function* readIndexFile(path: string, options: AbortOptions): AsyncGenerator<TarEntry, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of decompress(createReadStream(path), { signal: options.signal, maxRatio: Infinity })) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as TarEntry
  }
}
