import { serveJobs } from '@drayage/compression/worker'

import { createIndexFile } from './index-file.ts'
import type { MeasureJobs } from './measure-layer.ts'
import { measureLayer } from './measure-layer.ts'

serveJobs<MeasureJobs>({
  async measure({ input, params }) {
    const index = await createIndexFile(params.indexPath)
    try {
      const measured = await measureLayer(input, index, { ...params, ownsSource: true })
      if (measured.fault === undefined) await index.close(measured.size)
      else await index.drop()
      return { ...measured, entryCount: index.count }
    } catch (error) {
      await index.drop()
      throw error
    }
  },
})
