/**
 * Collect, limit, count, split, chunk and abort streams of bytes, and what every Drayage package shares: the base of its
 * errors, foreign text made safe to show, and tasks that end together.
 *
 * The currency of all Drayage packages is `AsyncIterable<Uint8Array>`; this package holds the few functions over it.
 *
 * @packageDocumentation
 */
export type { AbortOptions, ByteStream } from './byte-stream.ts'
export type { BytesErrorCode } from './errors.ts'
export type { CollectOptions } from './collect.ts'
export type { DrayageErrorOptions } from './drayage-error.ts'
export type { LruMap, LruMapOptions } from './lru-map.ts'
export type { ForEachOfOptions, TaskGroup } from './task-group.ts'

export { abortable, anySignal, raceSignal } from './abort.ts'
export { concat, equalBytes, freeBuffer } from './arrays.ts'
export { fromBytes } from './byte-stream.ts'
export { collect } from './collect.ts'
export { DrayageError, errorGuard, firstError } from './drayage-error.ts'
export { ByteLimitError, isBytesError } from './errors.ts'
export { escapeJson, escapeText, quote } from './escape-text.ts'
export { showJsonPath, valueAtJsonPath } from './json-path.ts'
export { createLruMap } from './lru-map.ts'
export { forEachOf, withTaskGroup } from './task-group.ts'
export { tee } from './tee.ts'
export { decodeText, encodeText } from './text.ts'
export { limit, observe, rechunk, skip } from './transforms.ts'
export { fromWebStream, toWebStream } from './web-streams.ts'
