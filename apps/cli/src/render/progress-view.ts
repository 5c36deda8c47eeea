import type { DistributionEvent } from '@drayage/distribution'

/** Shows the events of running work. */
export interface ProgressView {
  onEvent(event: DistributionEvent): void
  /** Only a view for programs has it: shows what came of the work, in place of a line of text. */
  readonly onResult?: (result: Readonly<Record<string, unknown>>) => void
  /** Draws the last state and gives the terminal back. */
  close(): void
}
