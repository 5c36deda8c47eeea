/**
 * Work that callers share, one piece per key: watchers, slots, limits changed live, retries with a visible countdown, and
 * a cache of shared results.
 *
 * @packageDocumentation
 */
export type { AcquireOptions, Slots } from './slots.ts'
export type { Attempt, RetryEvent, RetryOptions } from './retry.ts'
export type { CountDownOptions } from './count-down.ts'
export type { SharedCache, SharedCacheOptions } from './shared-cache.ts'
export type { Sleep } from './sleep.ts'
export type { TransferRunOptions, TransferContext, TransferState, TransferWork, WatchOptions } from './shared-work.ts'
export type { TransferManager, TransferManagerOptions } from './transfer-manager.ts'

export { countDown } from './count-down.ts'
export { createSharedCache } from './shared-cache.ts'
export { createSlots } from './slots.ts'
export { createTransferManager } from './transfer-manager.ts'
export { DEFAULT_ATTEMPTS, defaultRetryDelayMs, retry } from './retry.ts'
export { sleep } from './sleep.ts'
