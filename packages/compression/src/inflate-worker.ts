import { createHasher } from '@drayage/digest'

import { decompress } from './decompress.ts'
import type { InflateJobs } from './inflate-jobs.ts'
import { serveJobs } from './serve-jobs.ts'

serveJobs<InflateJobs>({
  async inflate({ input, params, emit }) {
    const hasher = createHasher(params.algorithm)
    let size = 0
    for await (const chunk of decompress(input, params)) {
      hasher.update(chunk)
      size += chunk.byteLength
      await emit(chunk)
    }
    return { digest: hasher.digest(), size }
  },
})
