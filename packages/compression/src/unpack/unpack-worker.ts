import { serveJobs } from '../pool/serve-jobs.ts'
import { bunzip2 } from './bunzip2.ts'
import type { UnpackJobs } from './unpack.ts'
import { unxz } from './unxz.ts'

serveJobs<UnpackJobs>({
  async unpack({ input, params, emit }) {
    for await (const block of params.compression === 'xz' ? unxz(input) : bunzip2(input)) await emit(block)
  },
})
