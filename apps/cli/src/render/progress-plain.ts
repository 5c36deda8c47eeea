import { dockerStatus, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import { escapeForTerminal } from './escape.ts'
import type { ProgressView } from './progress-view.ts'

/** One line per change of state and none per byte, for logs and pipes, as docker prints without a terminal. */
export function createPlainProgress(write: (text: string) => void, verb: ProgressVerb = 'pull'): ProgressView {
  const shown = new Map<string, string>()
  return {
    onEvent(event: DistributionEvent) {
      // Docker shows these two with a bar, so that they have no line where there are no bars.
      if (event.type === 'layer' && (event.layer.state === 'downloading' || event.layer.state === 'registering')) return
      const { id, status } = dockerStatus(event, verb)
      if (id !== undefined && shown.get(id) === status) return
      if (id !== undefined) shown.set(id, status)
      write(`${id === undefined ? '' : `${escapeForTerminal(id)}: `}${escapeForTerminal(status)}\n`)
    },
    close() {},
  }
}
