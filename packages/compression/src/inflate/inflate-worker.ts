import type { ByteStream } from '@drayage/bytes'
import { createHasher } from '@drayage/digest'

import { decompress } from './decompress.ts'
import type { InflateJobs } from './inflater.ts'
import { serveJobs } from '../pool/serve-jobs.ts'

serveJobs<InflateJobs>({
  async inflate({ input, params, emit }) {
    const hasher = createHasher(params.algorithm)
    let size = 0
    for await (const block of wholeBlocks(decompress(input, { ...params, ownsSource: true }))) {
      hasher.update(block)
      size += block.byteLength
      await emit(block)
    }
    return { digest: hasher.digest(), size }
  },
})

/**
 * Joins neighbouring views of one buffer: zlib fills its blocks in several steps and yields a view for each. What comes
 * out owns its buffer whole, so that it can be moved to another thread without a copy; only the last block may not.
 */
async function* wholeBlocks(source: ByteStream): ByteStream {
  let pending: Uint8Array | undefined
  for await (const chunk of source) {
    if (pending !== undefined && isNext(pending, chunk)) {
      pending = new Uint8Array(pending.buffer, pending.byteOffset, pending.byteLength + chunk.byteLength)
    } else {
      if (pending !== undefined) yield pending
      pending = chunk
    }
    if (pending.byteOffset + pending.byteLength === pending.buffer.byteLength) {
      yield pending
      pending = undefined
    }
  }
  if (pending !== undefined) yield pending
}

function isNext(before: Uint8Array, after: Uint8Array): boolean {
  return before.buffer === after.buffer && before.byteOffset + before.byteLength === after.byteOffset
}
