import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Ingester } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'
import type { TransferManager } from '@drayage/transfer'

import type { LayerState, OnEvent } from './events.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { TrySinkOptions } from './try-sink.ts'

/** Where a copy writes. */
export interface CopySink extends Ingester, Checker {}

/** What the steps of a copy share. */
export interface CopyContext extends AbortOptions {
  readonly onEvent: OnEvent
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
  readonly mountFrom: (blob: Descriptor) => Promise<readonly Repository[]>
  readonly onMountRefused: (blob: Descriptor, from: Repository) => Promise<void>
  /** What the root is called, where the sink is to store it with its name, and by nothing but that. */
  readonly rootName: Reference | undefined
  /** Whether content is copied once more because the sink missed it. */
  readonly isRestoring: boolean
}

/** Tells of failed tries to store something small. */
export function retryingSmall(what: string, { retry, signal, onEvent }: CopyContext): TrySinkOptions {
  return {
    retry,
    signal,
    onRetry: ({ secondsLeft, error }) => onEvent({ type: 'retrying', what, secondsLeft, error }),
  }
}
