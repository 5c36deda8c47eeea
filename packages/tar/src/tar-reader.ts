import { TAR_BLOCK_BYTES, field, FIELDS, paddingOf } from './block.ts'
import { decodeHeader, type TarHeader } from './decode-header.ts'
import { MAX_TAR_META_BYTES, TarLimitError, TarSyntaxError } from './errors.ts'
import { decodePaxRecords, type PaxRecords, paxText, paxValue } from './pax-records.ts'
import {
  areValidPieces,
  decodeOldSparseMap,
  paxSparseMap,
  paxSparseVersion,
  piecesOf,
  type SparsePiece,
} from './sparse.ts'
import { entryType, filled, hasData, entryNames, presentTypeflag, type TarEntry } from './tar-entry.ts'
import { integerOf, numberOf, fieldText, timeOf, type TarText, type TarTime } from './values.ts'

/** What extended headers said about the next entry. */
interface Pending {
  readonly pax?: PaxRecords
  readonly longName?: TarText
  readonly longLink?: TarText
}

/** A map of holes in the old form of GNU, which continues in blocks after the header. */
interface OldSparse {
  readonly kind: 'old-sparse'
  readonly entry: TarEntry
  readonly pieces: SparsePiece[]
  /** Bytes of those blocks so far. */
  bytes: number
}

/** A map of holes as text at the start of the data. */
interface SparseMap {
  readonly kind: 'sparse-map'
  readonly entry: TarEntry
  /** The numbers in its lines so far, without the first, which says how many there are. */
  readonly numbers: string[]
  /** How many numbers there are, once the first line has come. */
  count: number | undefined
  /** What has come of the next line. */
  rest: string
}

/** What the next bytes are. */
type State =
  | { readonly kind: 'header' | 'after-zeros' | 'end' }
  | { readonly kind: 'meta'; readonly header: TarHeader }
  | OldSparse
  | SparseMap

/** PAX records that would change a field are checked, whether that field is of interest here or not. */
const NUMBER_KEYS = ['size', 'uid', 'gid'] as const
const TIME_KEYS = ['mtime', 'atime', 'ctime'] as const

/**
 * Finds the entries of a tar without reading their data: it says which bytes it needs next, and takes them. It accepts what
 * `archive/tar` of Go accepts, and finds the same entries: ustar, PAX, GNU long names, base-256 numbers, sparse files of all
 * forms, star and v7. Two blocks of zeros end the tar; it may also end without them.
 *
 * Errors are TarSyntaxError `ERR_TAR_SYNTAX` and TarLimitError `ERR_TAR_LIMIT`.
 */
export class TarReader {
  #state: State = { kind: 'header' }
  #position = 0
  #wanted = TAR_BLOCK_BYTES
  /** Where the data before the next header ends, without its padding. */
  #dataEnd = 0
  #headerOffset = 0
  #pending: Pending = {}

  /** Where the next bytes are needed from. */
  get position(): number {
    return this.#position
  }

  /** How many bytes are needed there; 0 after the end of the tar. */
  get wanted(): number {
    return this.#wanted
  }

  /** Takes the bytes that are needed, all of them; gives the entry that they complete. They may be reused afterwards. */
  take(bytes: Uint8Array): TarEntry | undefined {
    const state = this.#state
    switch (state.kind) {
      case 'header':
        return isZeros(bytes) ? this.#expect('after-zeros') : this.#takeHeader(bytes)
      case 'after-zeros':
        if (!isZeros(bytes)) throw new TarSyntaxError('a header after a block of zeros', this.#position)
        this.#wanted = 0
        this.#state = { kind: 'end' }
        return undefined
      case 'meta':
        return this.#takeMeta(state.header, bytes)
      case 'old-sparse':
        return this.#takeOldSparse(state, bytes)
      case 'sparse-map':
        return this.#takeSparseMap(state, bytes)
      case 'end':
        return undefined
    }
  }

  /** The tar has `size` bytes and no more. @throws TarSyntaxError `ERR_TAR_SYNTAX` when it ends within an entry */
  finish(size: number): void {
    const { kind } = this.#state
    if (kind === 'end') return
    const isBetween = kind === 'header' || kind === 'after-zeros'
    // The padding of the last entry may be missing.
    if (!isBetween || size < this.#dataEnd || size > this.#position) throw new TarSyntaxError('its end too early', size)
  }

  #expect(kind: 'header' | 'after-zeros', position = this.#position + TAR_BLOCK_BYTES): undefined {
    this.#state = { kind }
    this.#position = position
    this.#wanted = TAR_BLOCK_BYTES
  }

  #takeHeader(block: Uint8Array): TarEntry | undefined {
    const header = decodeHeader(block, this.#position)
    this.#headerOffset = this.#position
    this.#position += TAR_BLOCK_BYTES
    if (['x', 'g', 'L', 'K'].includes(header.typeflag)) return this.#expectMeta(header)
    const entry = this.#entryOf(header)
    this.#pending = {}
    if (header.typeflag === 'S') return this.#beginOldSparse(entry, header, block)
    const version = paxSparseVersion(entry.pax)
    return version === undefined ? this.#endEntry(entry) : this.#beginPaxSparse(entry, version)
  }

  #expectMeta(header: TarHeader): TarEntry | undefined {
    if (header.size > MAX_TAR_META_BYTES) {
      throw new TarLimitError(`an extended header of ${header.size} bytes`, this.#headerOffset)
    }
    if (header.size < 0) this.#fail('a header with a negative size')
    if (header.size === 0) return this.#takeMeta(header, new Uint8Array(0))
    this.#state = { kind: 'meta', header }
    this.#wanted = header.size
    return undefined
  }

  #takeMeta(header: TarHeader, bytes: Uint8Array): TarEntry | undefined {
    this.#dataEnd = this.#position + header.size
    this.#expect('header', this.#dataEnd + paddingOf(header.size))
    if (header.typeflag === 'L') this.#pending = { ...this.#pending, longName: fieldText(bytes) }
    else if (header.typeflag === 'K') this.#pending = { ...this.#pending, longLink: fieldText(bytes) }
    else if (header.typeflag === 'x') this.#pending = { ...this.#pending, pax: this.#paxOf(bytes) }
    else {
      // What came before a global header is not meant for the entry after it.
      this.#pending = {}
      const offset = this.#headerOffset + TAR_BLOCK_BYTES
      const pax = this.#paxOf(bytes)
      const { size, mode, uid, gid, mtime } = header
      return {
        ...entryNames(paxValue(pax, 'path') ?? header.name, header.linkname),
        ...{ type: 'global', typeflag: 'g', size, statedSize: size, mode, uid, gid, mtime, mtimeNanoseconds: 0 },
        ...{ headerOffset: this.#headerOffset, offset, sparseSize: undefined, pax },
      }
    }
    return undefined
  }

  #paxOf(bytes: Uint8Array): PaxRecords {
    const records = decodePaxRecords(bytes) ?? this.#fail('a malformed PAX record')
    const pax = new Map<string, TarText>()
    // Version 0.0 of sparse files repeats two keys in turn.
    const map: string[] = []
    for (const [key, value] of records) {
      const isOffset = key === 'GNU.sparse.offset'
      if (!isOffset && key !== 'GNU.sparse.numbytes') {
        pax.set(key, value)
        continue
      }
      const isInTurn = isOffset === (map.length % 2 === 0)
      if (!isInTurn || typeof value !== 'string' || value.includes(',')) this.#fail('a malformed map of holes')
      else map.push(value)
    }
    if (map.length > 0) pax.set('GNU.sparse.map', map.join(','))
    return pax
  }

  /** Puts together what a header and the extended headers before it say: GNU's count before those of PAX. */
  #entryOf(header: TarHeader): TarEntry {
    const { pax = new Map(), longName, longLink } = this.#pending
    const number = (key: (typeof NUMBER_KEYS)[number]): number => {
      const text = paxText(pax, key)
      return text === undefined ? header[key] : (integerOf(text) ?? this.#fail(`a PAX ${key} that is not a number`))
    }
    const time = (key: (typeof TIME_KEYS)[number]): TarTime | undefined => {
      const text = paxText(pax, key)
      return text === undefined ? undefined : (timeOf(text) ?? this.#fail(`a PAX ${key} that is not a time`))
    }
    const [size, uid, gid] = NUMBER_KEYS.map(number) as [number, number, number]
    const [mtime = { seconds: header.mtime, nanoseconds: 0 }] = TIME_KEYS.map(time)
    const names = entryNames(
      filled(longName) ?? paxValue(pax, 'path') ?? header.name,
      filled(longLink) ?? paxValue(pax, 'linkpath') ?? header.linkname,
    )
    const typeflag = presentTypeflag(header.typeflag, names.name)
    const type = entryType(typeflag)
    const stored = hasData(type) ? size : 0
    if (stored < 0) this.#fail('a header with a negative size')
    if (!Number.isSafeInteger(stored)) this.#fail('a header with a size beyond all files')
    const { mode } = header
    return {
      ...names,
      ...{ type, typeflag, size: stored, statedSize: size, mode, uid, gid },
      ...{ mtime: mtime.seconds + mtime.nanoseconds / 1e9, mtimeNanoseconds: mtime.nanoseconds },
      ...{ headerOffset: this.#headerOffset, offset: this.#position, sparseSize: undefined, pax },
    }
  }

  #endEntry(entry: TarEntry): TarEntry {
    this.#dataEnd = entry.offset + entry.size
    this.#expect('header', this.#dataEnd + paddingOf(entry.size))
    return entry
  }

  #endSparse(entry: TarEntry, pieces: readonly SparsePiece[]): TarEntry {
    const { sparseSize = entry.size, type } = entry
    if (!hasData(type) || !areValidPieces(pieces, sparseSize)) this.#fail('a malformed map of holes')
    return this.#endEntry({ ...entry, sparseSize, statedSize: sparseSize, stored: { start: this.#position, pieces } })
  }

  #beginOldSparse(entry: TarEntry, { format }: TarHeader, block: Uint8Array): TarEntry | undefined {
    const sparseSize = numberOf(field(block, FIELDS.gnuRealSize))
    if (format !== 'gnu' || sparseSize === undefined) return this.#fail('a sparse file of another form')
    const state: OldSparse = {
      kind: 'old-sparse',
      entry: { ...entry, sparseSize },
      pieces: [],
      bytes: -TAR_BLOCK_BYTES,
    }
    return this.#takeOldSparse(state, block, true)
  }

  #takeOldSparse(state: OldSparse, block: Uint8Array, isHeader = false): TarEntry | undefined {
    const map = decodeOldSparseMap(block, isHeader) ?? this.#fail('a malformed map of holes')
    state.pieces.push(...map.pieces)
    state.bytes += TAR_BLOCK_BYTES
    if (!isHeader) this.#position += TAR_BLOCK_BYTES
    if (!map.hasMore) return this.#endSparse({ ...state.entry, offset: this.#position }, state.pieces)
    if (state.bytes >= MAX_TAR_META_BYTES) throw new TarLimitError('a map of holes', this.#headerOffset)
    this.#state = state
    this.#wanted = TAR_BLOCK_BYTES
    return undefined
  }

  #beginPaxSparse(entry: TarEntry, version: '0.x' | '1.0'): TarEntry | undefined {
    const { pax } = entry
    const size = paxText(pax, 'GNU.sparse.size') ?? paxText(pax, 'GNU.sparse.realsize')
    const sparseSize = size === undefined ? entry.size : integerOf(size)
    if (sparseSize === undefined) return this.#fail('a sparse file whose size is not a number')
    const sparseName = paxValue(pax, 'GNU.sparse.name')
    const sparse = {
      ...entry,
      sparseSize,
      ...(sparseName !== undefined && entryNames(sparseName, entry.linknameBytes ?? entry.linkname)),
    }
    if (version === '0.x') return this.#endSparse(sparse, paxSparseMap(pax) ?? this.#fail('a malformed map of holes'))
    this.#expectSparseMap({ kind: 'sparse-map', entry: sparse, numbers: [], count: undefined, rest: '' })
    return undefined
  }

  /** The map of version 1.0 is text at the start of the data: a count, and then so many offsets and lengths, one a line. */
  #expectSparseMap(state: SparseMap): undefined {
    const { offset, size } = state.entry
    if (this.#position + TAR_BLOCK_BYTES > offset + size) this.#fail('a map of holes that is cut')
    if (this.#position - offset >= MAX_TAR_META_BYTES) throw new TarLimitError('a map of holes', this.#headerOffset)
    this.#state = state
    this.#wanted = TAR_BLOCK_BYTES
  }

  #takeSparseMap(state: SparseMap, block: Uint8Array): TarEntry | undefined {
    this.#position += TAR_BLOCK_BYTES
    const lines = String.fromCharCode(...block).split('\n')
    lines[0] = `${state.rest}${lines[0]}`
    state.rest = lines.pop() ?? ''
    if (state.count === undefined && lines[0] !== undefined) {
      const pieces = integerOf(lines.shift() ?? '')
      if (pieces === undefined || pieces < 0) return this.#fail('a malformed map of holes')
      state.count = 2 * pieces
    }
    state.numbers.push(...lines)
    if (state.count === undefined || state.numbers.length < state.count) return this.#expectSparseMap(state)
    const pieces = piecesOf(state.numbers.slice(0, state.count))
    return this.#endSparse(state.entry, pieces ?? this.#fail('a malformed map of holes'))
  }

  #fail(found: string): never {
    throw new TarSyntaxError(found, this.#headerOffset)
  }
}

function isZeros(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0)
}
