import type { DistributionEvent } from '@drayage/distribution'

/** Shows the events of running work. */
export interface ProgressView {
  onEvent(event: DistributionEvent): void
  /** Draws the last state and gives the terminal back. */
  close(): void
}
