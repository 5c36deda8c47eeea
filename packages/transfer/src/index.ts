/**
 * One piece of shared work per key: watchers, slots, limits changed live and retries with a visible countdown.
 *
 * @packageDocumentation
 */
export type { AcquireOptions, Slots } from './slots.ts'
export type { Attempt, RetryEvent, RetryOptions } from './retry.ts'
export type { CountDownOptions } from './count-down.ts'
export type { Sleep } from './sleep.ts'
export type { TransferContext, TransferState, TransferWork, WatchOptions } from './shared-work.ts'
export type { TransferManager, TransferManagerOptions } from './transfer-manager.ts'

export { countDown } from './count-down.ts'
export { createSlots } from './slots.ts'
export { createTransferManager } from './transfer-manager.ts'
export { DEFAULT_ATTEMPTS, defaultRetryDelayMs, retry } from './retry.ts'
export { sleep } from './sleep.ts'
