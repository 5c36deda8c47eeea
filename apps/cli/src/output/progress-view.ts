import type { DistributionEvent, DockerStatus } from '@drayage/distribution'

import { lineOf } from './write-out.ts'

/** Shows the events of running work. */
export interface ProgressView {
  onEvent(event: DistributionEvent): void
  /** Shows the result of the work; only a view for programs has it, in place of a line of text. */
  readonly onResult?: (result: Readonly<Record<string, unknown>>) => void
  /** Draws the last state and gives the terminal back. */
  close(): void
}

/** A view that shows nothing. */
export const NO_PROGRESS: ProgressView = { onEvent() {}, close() {} }

/** A status as one line of text. */
export function statusLine({ id, status }: DockerStatus): string {
  return `${id === undefined ? '' : `${lineOf(id)}: `}${lineOf(status)}\n`
}
