import { freeBuffer, type ByteStream } from '@drayage/bytes'
import { decompress, type DecompressOptions } from '@drayage/compression'
import { createHasher, type Digest, type DigestAlgorithm } from '@drayage/digest'
import { createTarScanner, isTarError } from '@drayage/tar'

import type { TarFault } from '../layer-store.ts'
import type { IndexWriter } from './index-lines.ts'
import { layerEntry } from './layer-entry.ts'

/** What measuring a layer finds out. */
export interface MeasureResult {
  readonly digest: Digest
  readonly size: number
  readonly entryCount: number
  readonly fault: TarFault | undefined
}

/** The jobs of `measure-worker`. */
export type MeasureJobs = {
  readonly measure: {
    readonly params: {
      readonly algorithm: DigestAlgorithm
      /** Where to write the index; the file must not exist. */
      readonly indexPath: string
      readonly maxBytes: number | undefined
    }
    readonly result: MeasureResult
  }
}

/** Inflates and hashes a layer, and writes its entries to `index` as they are found. */
export async function measureLayer(
  source: ByteStream,
  index: Pick<IndexWriter, 'add' | 'flush'>,
  options: DecompressOptions & { readonly algorithm: DigestAlgorithm },
): Promise<Omit<MeasureResult, 'entryCount'>> {
  const hasher = createHasher(options.algorithm)
  const scanner = createTarScanner((entry) => index.add(layerEntry(entry)))
  let fault: TarFault | undefined
  let size = 0
  for await (const chunk of decompress(source, options)) {
    hasher.update(chunk)
    size += chunk.byteLength
    fault ??= faultOf(() => scanner.push(chunk))
    await index.flush()
    if (options.ownsSource === true) freeBuffer(chunk)
  }
  fault ??= faultOf(() => scanner.finish())
  return { digest: hasher.digest(), size, fault }
}

/** A tar that cannot be read is still hashed to its end: only what needs its entries fails. */
function faultOf(work: () => void): TarFault | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!isTarError(error)) throw error
    return { found: error.found, offset: error.offset }
  }
}
