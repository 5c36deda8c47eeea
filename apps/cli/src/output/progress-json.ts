import { escapeJson } from '@drayage/bytes'
import { createLineFilter, dockerLine, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import type { ProgressView } from './progress-view.ts'

/**
 * One JSON object a line, in the shape of Docker Engine's progress stream, for programs. The last line holds the result in
 * `aux`.
 */
export function createJsonProgress(
  write: (text: string) => void,
  verb: ProgressVerb = 'pull',
  now?: () => number,
): ProgressView {
  const isSent = createLineFilter(now)
  const line = (value: object): void => write(`${escapeJson(value)}\n`)
  return {
    onEvent(event: DistributionEvent) {
      const value = dockerLine(event, verb)
      if (isSent(value)) line(value)
    },
    onResult(aux) {
      line({ progressDetail: {}, aux })
    },
    close() {},
  }
}
