import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import type { LayerState, OnEvent } from '../events.ts'
import type { ForeignLayers } from './foreign-layers.ts'
import type { SystemRequirement } from './require-system.ts'
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from '../retry/retry-policy.ts'

/** Options of every copy, whatever its ends are. */
export interface TransferOptions extends AbortOptions {
  /** Receives progress. */
  readonly onEvent?: OnEvent | undefined
  /** Five tries, 5 s more between each two by default. */
  readonly retry?: RetryPolicy | undefined
  /** Shares transfers with other copies to the same place; by default a manager of this copy alone. */
  readonly transfers?: TransferManager<LayerState> | undefined
  /** What is done with layers that are kept elsewhere; `skip` by default. */
  readonly foreignLayers?: ForeignLayers | undefined
  /**
   * Names repositories of the sink's registry that may hold a blob, the likeliest first. A sink that can mount takes it
   * from there; at most {@link MAX_MOUNT_TRIES} are tried, fewer for small blobs, and none by default.
   */
  readonly mountFrom?: ((blob: Descriptor) => Promise<readonly Repository[]>) | undefined
  /** Told of each repository that the sink does not mount a blob from. */
  readonly onMountRefused?: ((blob: Descriptor, from: Repository) => Promise<void>) | undefined
  /** Refuses images that only schema 1 describes; `false` by default. */
  readonly requireSchema2?: boolean | undefined
  /** Told at the end of all content that the sink has now, so that it can be recorded where that is. */
  readonly onArrived?: ((content: readonly Descriptor[]) => Promise<void>) | undefined
  /**
   * Whether configs may have names of members in any case, as Go reads them: those of a user's own files, though not of a
   * registry; `false` by default.
   */
  readonly anyCase?: boolean | undefined
}

/** What the steps of a copy share. */
export interface CopyContext extends AbortOptions {
  readonly onEvent: OnEvent
  readonly transfers: TransferManager<LayerState>
  readonly retry: RetryPolicy
  readonly foreignLayers: ForeignLayers
  readonly mountFrom: (blob: Descriptor) => Promise<readonly Repository[]>
  readonly onMountRefused: (blob: Descriptor, from: Repository) => Promise<void>
  readonly onArrived: (content: readonly Descriptor[]) => Promise<void>
  readonly anyCase: boolean
  readonly requireSchema2: boolean
  readonly requirement: SystemRequirement
}

/** The options with their defaults; a copy without a transfer manager has one of `limit` transfers at a time. */
export function copyContext(options: TransferOptions & SystemRequirement, limit: number): CopyContext {
  return {
    signal: options.signal,
    onEvent: options.onEvent ?? ((): void => {}),
    transfers: options.transfers ?? createTransferManager<LayerState>({ limit }),
    retry: options.retry ?? DEFAULT_RETRY_POLICY,
    foreignLayers: options.foreignLayers ?? 'skip',
    mountFrom: options.mountFrom ?? (async () => []),
    onMountRefused: options.onMountRefused ?? (async () => {}),
    onArrived: options.onArrived ?? (async () => {}),
    anyCase: options.anyCase ?? false,
    requireSchema2: options.requireSchema2 ?? false,
    requirement: { system: options.system, platforms: options.platforms },
  }
}
