import { dockerStatus, type DistributionEvent, type ProgressVerb } from '@drayage/distribution'

import type { ProgressView } from './progress-view.ts'
import { terminalJson } from './escape.ts'

/** Milliseconds between two lines about the bytes of one layer. */
const BYTES_EVERY_MS = 100

/**
 * One JSON object a line, in the shape of Docker Engine's progress stream, for programs. The last line has what came of
 * it in `aux`.
 */
export function createJsonProgress(
  write: (text: string) => void,
  verb: ProgressVerb = 'pull',
  now: () => number = Date.now,
): ProgressView {
  const shownAt = new Map<string, number>()
  const line = (value: object): void => write(`${terminalJson(value)}\n`)
  return {
    onEvent(event: DistributionEvent) {
      const { id, status, progress } = dockerStatus(event, verb)
      if (id !== undefined && progress !== undefined && progress.current < progress.total) {
        if (now() - (shownAt.get(id) ?? Number.NEGATIVE_INFINITY) < BYTES_EVERY_MS) return
        shownAt.set(id, now())
      }
      line({
        status,
        ...(event.type === 'layer' ? { progressDetail: progress ?? {} } : {}),
        ...(id === undefined ? {} : { id }),
      })
    },
    onResult(aux) {
      line({ progressDetail: {}, aux })
    },
    close() {},
  }
}
