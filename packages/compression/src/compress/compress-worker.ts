import type { ByteStream } from '@drayage/bytes'
import { createHasher, type DigestAlgorithm } from '@drayage/digest'

import type { CompressJobs } from './compressor.ts'
import { decompress } from '../inflate/decompress.ts'
import { gzipBlocks } from './gzip-blocks.ts'
import type { InflateResult } from '../inflate/inflater.ts'
import { serveJobs } from '../pool/serve-jobs.ts'
import { zstdBlocks } from './zstd-blocks.ts'

serveJobs<CompressJobs>({
  async compress({ input, params, emit }) {
    const { algorithm, compression, inflate } = params
    const before = measure(
      inflate === undefined ? input : decompress(input, { ...inflate, ownsSource: true }),
      algorithm,
    )
    const blocks = compression === 'gzip' ? gzipBlocks(before.stream, params) : zstdBlocks(before.stream, params)
    const after = measure(blocks, algorithm)
    for await (const block of after.stream) await emit(block)
    return { ...after.result(), uncompressed: before.result() }
  },
})

/** A stream that is hashed and counted while it is read; the result is known at its end. */
function measure(
  source: ByteStream,
  algorithm: DigestAlgorithm,
): { readonly stream: ByteStream; result(): InflateResult } {
  const hasher = createHasher(algorithm)
  let size = 0
  async function* read(): ByteStream {
    for await (const chunk of source) {
      hasher.update(chunk)
      size += chunk.byteLength
      yield chunk
    }
  }
  return { stream: read(), result: () => ({ digest: hasher.digest(), size }) }
}
