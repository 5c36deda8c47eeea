import { freeBuffer, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { decompress } from '@drayage/compression'
import { constants, zstdCompressSync } from 'node:zlib'

import type { LayerEntry } from './layer-entry.ts'

/** Bytes that are gathered before they are compressed and written. */
const BATCH_BYTES = 256 * 1024
/** Most bytes of one UTF-16 unit in UTF-8. */
const MOST_UNIT_BYTES = 3
/** Into buffers of their own, beyond those that Node shares among small ones; the checksum of each frame tells when the file went bad. */
const FAST = {
  chunkSize: 64 * 1024,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
}

/** Writes an index: one JSON object per line, in zstd frames. */
export interface IndexWriter {
  /** Entries added so far. */
  readonly count: number
  add(entry: LayerEntry): void
  /** Writes what has been added when it is enough to be worth it. */
  flush(): Promise<void>
  /** Writes the rest; nothing is added afterwards. */
  finish(): Promise<void>
}

/**
 * Creates a writer that gives the parts of its index to `write`, one after the other. A part is emptied once `write` is done
 * with it: parts of millions of entries would wait for a collection of the old generation, which comes late in a thread.
 */
export function createIndexWriter(write: (part: Uint8Array) => Promise<void>): IndexWriter {
  // Bytes and not texts: millions of those would outlive the young generation of the thread, and fill the old one.
  let batch = Buffer.allocUnsafeSlow(2 * BATCH_BYTES)
  let length = 0
  let count = 0
  const writeBatch = async (): Promise<void> => {
    const part = zstdCompressSync(batch.subarray(0, length), FAST)
    length = 0
    await write(part)
    freeWhole(part)
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
        freeWhole(batch)
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
      freeWhole(batch)
    },
  }
}

/** Frees an array with all of its buffer, which nothing else uses. */
function freeWhole({ buffer }: Uint8Array): void {
  freeBuffer(new Uint8Array(buffer))
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
