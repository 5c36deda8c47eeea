import { LayerTarError } from './errors.ts'
import { entryOf, type PendingNames } from './tar-entry-of.ts'
import type { TarEntry } from './tar-entry.ts'
import { BLOCK_BYTES, isZeroBlock, readHeader, text, type TarHeader } from './tar-header.ts'
import { readPaxRecords } from './pax-records.ts'

/** Most bytes of one PAX header, GNU long name or map of holes: 1 MiB. */
export const MAX_TAR_META_BYTES: number = 2 ** 20

type State = 'header' | 'lone-zero' | 'meta' | 'sparse' | 'data' | 'end'

/** Global records that would change which entries there are; readers disagree about them, so they are refused. */
const UNSAFE_GLOBAL_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'size'])

/**
 * Finds the entries of a tar that comes in parts: ustar, GNU long names, base-256 numbers, old GNU sparse, and PAX, whose
 * size counts before that of the header. What follows the end-of-archive blocks is ignored, and a tar may end without
 * them. The entries are those that Docker's reader finds; where readers differ about which entries there are, the tar is
 * refused.
 */
export class TarScanner {
  readonly #onEntry: (entry: TarEntry) => void
  #state: State = 'header'
  /** Bytes of the tar before the next one. */
  #position = 0
  /** Bytes that are still to be counted as data and padding. */
  #skip = 0
  /** The block or the extended header that is being gathered. */
  #gathered = new Uint8Array(BLOCK_BYTES)
  #used = 0
  #meta: TarHeader | undefined
  #entry: TarHeader | undefined
  #headerOffset = 0
  #sparseBytes = 0
  #names: PendingNames = {}

  /** @param onEntry called with each entry, in order */
  constructor(onEntry: (entry: TarEntry) => void) {
    this.#onEntry = onEntry
  }

  /**
   * Takes the next bytes; they may be reused afterwards.
   *
   * @throws LayerTarError `ERR_LAYER_TAR`
   */
  push(chunk: Uint8Array): void {
    let offset = 0
    while (offset < chunk.byteLength && this.#state !== 'end') {
      const left = chunk.byteLength - offset
      if (this.#state === 'data') {
        const step = Math.min(this.#skip, left)
        this.#skip -= step
        this.#position += step
        offset += step
        if (this.#skip === 0) this.#expectHeader()
        continue
      }
      const step = Math.min(this.#gathered.byteLength - this.#used, left)
      this.#gathered.set(chunk.subarray(offset, offset + step), this.#used)
      this.#used += step
      this.#position += step
      offset += step
      if (this.#used === this.#gathered.byteLength) this.#onGathered()
    }
  }

  /**
   * The tar has no more bytes.
   *
   * @throws LayerTarError `ERR_LAYER_TAR` when it ends within an entry
   */
  finish(): void {
    if (this.#state === 'end' || this.#state === 'lone-zero') return
    const isBetween = this.#state === 'header' && this.#used === 0
    if (!isBetween) throw new LayerTarError('the end within an entry', this.#position)
    this.#refusePendingNames()
  }

  #onGathered(): void {
    const block = this.#gathered
    if (this.#state === 'meta') this.#onMeta(block)
    else if (this.#state === 'sparse') this.#onSparse(block)
    else if (isZeroBlock(block)) this.#onZeroBlock()
    else if (this.#state === 'lone-zero')
      throw new LayerTarError('a header after a block of zeros', this.#position - BLOCK_BYTES)
    else this.#onHeader(readHeader(block, this.#position - BLOCK_BYTES))
  }

  #expectHeader(): void {
    this.#state = 'header'
    this.#gather(BLOCK_BYTES)
  }

  #gather(length: number): void {
    if (this.#gathered.byteLength !== length) this.#gathered = new Uint8Array(length)
    this.#used = 0
  }

  #onZeroBlock(): void {
    this.#refusePendingNames()
    this.#state = this.#state === 'lone-zero' ? 'end' : 'lone-zero'
    this.#used = 0
  }

  #refusePendingNames(): void {
    if (Object.keys(this.#names).length > 0)
      throw new LayerTarError('an extended header without an entry', this.#position)
  }

  #onHeader(header: TarHeader): void {
    this.#headerOffset = this.#position - BLOCK_BYTES
    if (!['x', 'g', 'L', 'K'].includes(header.typeflag)) {
      this.#entry = header
      this.#sparseBytes = 0
      if (header.hasMoreSparse) {
        this.#state = 'sparse'
        this.#gather(BLOCK_BYTES)
      } else {
        this.#onEntryHeader(header)
      }
      return
    }
    if (header.size > MAX_TAR_META_BYTES) {
      throw new LayerTarError(
        `an extended header of ${header.size} bytes, more than ${MAX_TAR_META_BYTES}`,
        this.#headerOffset,
      )
    }
    this.#meta = header
    this.#state = 'meta'
    this.#gather(padded(header.size))
    if (header.size === 0) this.#onMeta(this.#gathered)
  }

  #onMeta(block: Uint8Array): void {
    const header = this.#meta
    if (header === undefined) return
    const bytes = block.subarray(0, header.size)
    const offset = this.#headerOffset + BLOCK_BYTES
    if (header.typeflag === 'x') this.#names = { ...this.#names, pax: readPaxRecords(bytes, offset) }
    else if (header.typeflag === 'L') this.#names = { ...this.#names, longName: text(bytes) }
    else if (header.typeflag === 'K') this.#names = { ...this.#names, longLink: text(bytes) }
    else {
      for (const key of readPaxRecords(bytes, offset).keys()) {
        const isUnsafe = UNSAFE_GLOBAL_KEYS.has(key) || key.startsWith('GNU.sparse.')
        if (isUnsafe) throw new LayerTarError(`a global PAX record ${JSON.stringify(key.slice(0, 80))}`, offset)
      }
    }
    this.#expectHeader()
  }

  #onSparse(block: Uint8Array): void {
    this.#sparseBytes += BLOCK_BYTES
    if (this.#sparseBytes > MAX_TAR_META_BYTES) {
      throw new LayerTarError(`a map of holes of more than ${MAX_TAR_META_BYTES} bytes`, this.#headerOffset)
    }
    if (block[504] !== 0) this.#used = 0
    else if (this.#entry !== undefined) this.#onEntryHeader(this.#entry)
  }

  #onEntryHeader(header: TarHeader): void {
    const entry = entryOf(header, this.#names, this.#headerOffset, this.#position)
    this.#names = {}
    this.#onEntry(entry)
    this.#skip = padded(entry.size)
    if (this.#skip === 0) this.#expectHeader()
    else this.#state = 'data'
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
}
