import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { decompress } from '@drayage/compression'
import { constants, zstdCompressSync } from 'node:zlib'

import type { LayerEntry } from './layer-entry.ts'

/** Bytes that are gathered before they are compressed and written. */
const BATCH_BYTES = 256 * 1024
/** Most bytes of one UTF-16 unit in UTF-8. */
const MOST_UNIT_BYTES = 3
/** The checksum of each frame tells when the file went bad. */
const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 } }

/** Writes an index: one JSON object per line, in zstd frames. */
export interface IndexWriter {
  /** Entries added so far. */
  readonly count: number
  add(entry: LayerEntry): void
  /** Writes what has been added when it is enough to be worth it. */
  flush(): Promise<void>
  /** Writes the rest. */
  finish(): Promise<void>
}

/** Creates a writer that gives the parts of its index to `write`, one after the other. */
export function createIndexWriter(write: (part: Uint8Array) => Promise<void>): IndexWriter {
  // Bytes and not texts: millions of those would outlive the young generation of the thread, and fill the old one.
  let batch = Buffer.allocUnsafeSlow(2 * BATCH_BYTES)
  let length = 0
  let count = 0
  const writeBatch = async (): Promise<void> => {
    const part = zstdCompressSync(batch.subarray(0, length), FAST)
    length = 0
    await write(part)
  }
  return {
    get count() {
      return count
    },
    add(entry) {
      const line = `${JSON.stringify(entry)}\n`
      if (length + line.length * MOST_UNIT_BYTES > batch.byteLength) {
        const longer = Buffer.allocUnsafeSlow(2 * batch.byteLength + line.length * MOST_UNIT_BYTES)
        batch.copy(longer, 0, 0, length)
        batch = longer
      }
      length += batch.write(line, length)
      count += 1
    },
    async flush() {
      if (length >= BATCH_BYTES) await writeBatch()
    },
    async finish() {
      if (length > 0) await writeBatch()
    },
  }
}

/** The entries of an index, in the order of the tar. */
export async function* readIndex(source: ByteStream, options: AbortOptions): AsyncGenerator<LayerEntry, void, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of decompress(source, { signal: options.signal })) {
    const lines = decoder.decode(chunk, { stream: true }).split('\n')
    lines[0] = `${rest}${lines[0]}`
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as LayerEntry
  }
}
