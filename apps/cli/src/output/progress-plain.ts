import { createWaitFilter, dockerStatus, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import { statusLine, type ProgressView } from './progress-view.ts'

/** One line per change of state and wait, and none per byte or second, for logs and pipes, as docker prints without a terminal. */
export function createPlainProgress(write: (text: string) => void, verb: ProgressVerb = 'pull'): ProgressView {
  const shown = new Map<string, string>()
  const isShown = createWaitFilter()
  return {
    onEvent(event: DistributionEvent) {
      // Docker shows these two as bars only.
      if (event.type === 'layer' && (event.layer.state === 'downloading' || event.layer.state === 'registering')) return
      if (!isShown(event)) return
      const line = dockerStatus(event, verb)
      const { id, status } = line
      if (id !== undefined && shown.get(id) === status) return
      if (id !== undefined) shown.set(id, status)
      write(statusLine(line))
    },
    close() {},
  }
}
