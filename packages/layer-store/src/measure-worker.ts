import { freeBuffer } from '@drayage/bytes'
import { decompress } from '@drayage/compression'
import { serveJobs } from '@drayage/compression/worker'
import { createHasher } from '@drayage/digest'

import { LayerTarError } from './errors.ts'
import { createIndexFile } from './index-file.ts'
import type { MeasureJobs, TarFault } from './measure-jobs.ts'
import { TarScanner } from './tar-scanner.ts'

serveJobs<MeasureJobs>({
  async measure({ input, params }) {
    const hasher = createHasher(params.algorithm)
    const index = await createIndexFile(params.indexPath)
    try {
      const scanner = new TarScanner((entry) => index.add(entry))
      let fault: TarFault | undefined
      let size = 0
      for await (const chunk of decompress(input, { ...params, ownsSource: true })) {
        hasher.update(chunk)
        size += chunk.byteLength
        fault ??= faultOf(() => scanner.push(chunk))
        await index.flush()
        freeBuffer(chunk)
      }
      fault ??= faultOf(() => scanner.finish())
      await index.close()
      return { digest: hasher.digest(), size, entryCount: index.count, fault }
    } catch (error) {
      await index.drop()
      throw error
    }
  },
})

/** A tar that cannot be read is still hashed to its end: a wrong DiffID says more than a wrong header. */
function faultOf(work: () => void): TarFault | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!(error instanceof LayerTarError)) throw error
    return { found: error.found, offset: error.offset }
  }
}
