import { createHasher } from '@drayage/digest'

import { decompress } from './decompress.ts'
import type { InflateJobs } from './inflate-jobs.ts'
import { serveJobs } from './serve-jobs.ts'
import { wholeBlocks } from './whole-blocks.ts'

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
