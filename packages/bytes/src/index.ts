/**
 * Collect, limit, count, split, chunk and abort streams of bytes.
 *
 * The currency of all Drayage packages is `AsyncIterable<Uint8Array>`; this package holds the few functions over it.
 *
 * @packageDocumentation
 */
export type { AbortOptions, ByteStream } from './byte-stream.ts'
export type { BytesErrorCode } from './errors.ts'
export type { CollectOptions } from './collect.ts'

export { abortable } from './abortable.ts'
export { collect } from './collect.ts'
export { concat } from './concat.ts'
export { equalBytes } from './equal-bytes.ts'
export { ByteLimitError, isBytesError } from './errors.ts'
export { freeBuffer } from './free-buffer.ts'
export { fromBytes } from './from-bytes.ts'
export { limit } from './limit.ts'
export { observe } from './observe.ts'
export { rechunk } from './rechunk.ts'
export { skip } from './skip.ts'
export { tee } from './tee.ts'
export { decodeText, encodeText } from './text.ts'
export { fromWebStream, toWebStream } from './web-streams.ts'
