import type { WireError } from './wire-error.ts'

/** Bytes per block of input: large enough to make a message cheap, small enough to keep several in flight. */
export const INPUT_BLOCK_BYTES: number = 256 * 1024
/** Blocks of input on their way to a worker or waiting in it. */
export const INPUT_BLOCKS_IN_FLIGHT: number = 4
/** Chunks of output on their way from a worker or being used by its job's caller. */
export const OUTPUT_CHUNKS_IN_FLIGHT: number = 4

/** From the pool to a worker. `run` numbers the jobs of a worker, so that late messages of a former job are known. */
export type ToWorker =
  | { readonly type: 'start'; readonly run: number; readonly job: string; readonly params: unknown }
  | { readonly type: 'input'; readonly run: number; readonly block: Uint8Array }
  | { readonly type: 'end'; readonly run: number }
  | { readonly type: 'abort'; readonly run: number }
  | { readonly type: 'used'; readonly run: number }

/** From a worker to the pool: a block of input was taken, output, and the outcome of the job. */
export type FromWorker =
  | { readonly type: 'taken'; readonly run: number }
  | { readonly type: 'output'; readonly run: number; readonly chunk: Uint8Array }
  | { readonly type: 'result'; readonly run: number; readonly result: unknown }
  | { readonly type: 'error'; readonly run: number; readonly error: WireError }

/** What jobs there are: for each name, the parameters it takes and the result it gives, both fit for structured clone. */
export type JobMap = Record<string, { readonly params: unknown; readonly result: unknown }>
