import { dockerStatus, type DistributionEvent } from '@drayage/distribution'

import type { ProgressView } from './progress-view.ts'

/** One JSON object a line, in the shape of Docker Engine's progress stream, for programs. */
export function createJsonProgress(write: (text: string) => void): ProgressView {
  return {
    onEvent(event: DistributionEvent) {
      const { id, status, progress } = dockerStatus(event)
      write(
        `${JSON.stringify({ ...(id === undefined ? {} : { id }), status, ...(progress === undefined ? {} : { progressDetail: progress }) })}\n`,
      )
    },
    close() {},
  }
}
