import { createLruMap } from '@drayage/bytes'

import { CHUNK_BYTES, CHUNK_CEILING_BYTES, CHUNK_FLOOR_BYTES, MAX_REMEMBERED } from '../limits.ts'

/** How the uploads of one repository are sent: what one of them learns of the registry, the others follow. */
export class UploadMode {
  #chunkBytes: number | undefined
  #isPatchOnly = false
  /** Sessions that a redirect led to, with how many bytes were there before. */
  readonly #moved = createLruMap<string, number>({ maxEntries: MAX_REMEMBERED })

  /** @param chunkBytes the size of chunks; without it blobs go in one request until one fails */
  constructor(chunkBytes: number | undefined) {
    this.#chunkBytes = chunkBytes
  }

  /** Whether blobs go in chunks, and not in one request. */
  get isChunked(): boolean {
    return this.#chunkBytes !== undefined
  }

  /** Whether a session takes bytes by PATCH only, and not with the PUT that ends it. */
  get isPatchOnly(): boolean {
    return this.#isPatchOnly
  }

  /** The size of the next chunks, of an upload that takes none smaller than `minBytes`. */
  chunkBytes(minBytes: number): number {
    return Math.min(Math.max(this.#chunkBytes ?? CHUNK_BYTES, minBytes), CHUNK_CEILING_BYTES)
  }

  /** Sends blobs in chunks from now on. */
  useChunks(): void {
    this.#chunkBytes ??= CHUNK_BYTES
  }

  /** Sends bytes by PATCH only from now on. */
  usePatchOnly(): void {
    this.#isPatchOnly = true
  }

  /** Notes that a redirect led to a session, to which nothing was sent yet. */
  noteMove(session: string, offset: number): void {
    this.#moved.set(session, offset)
  }

  /** How many bytes a session has that a redirect led to; `undefined` when it has to be asked. */
  movedOffset(session: string): number | undefined {
    return this.#moved.get(session)
  }

  /** Notes that a session was used. */
  endMove(session: string): void {
    this.#moved.delete(session)
  }

  /** Makes the following requests smaller, after one of `bytes` was too large; `false` when they cannot get smaller. */
  shrinkBelow(bytes: number): boolean {
    if (bytes <= CHUNK_FLOOR_BYTES) return false
    // The limits of proxies are powers of two.
    const smaller = Math.max(CHUNK_FLOOR_BYTES, 2 ** (Math.ceil(Math.log2(bytes)) - 1))
    this.#chunkBytes = Math.min(this.#chunkBytes ?? CHUNK_BYTES, smaller)
    return true
  }
}
