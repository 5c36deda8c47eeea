import { type PaxRecords, paxText } from './pax-records.ts'
import { integerOf, numberOf } from './values.ts'

/** A piece of a sparse file that is stored: where it belongs, and how long it is. */
export interface SparsePiece {
  readonly offset: number
  readonly length: number
}

/** Most pieces of one sparse file. */
const MOST_PIECES = 2 ** 20

/** Where the map of an old GNU header starts, and how many pieces it holds there and in each block that follows. */
const HEADER_MAP = { start: 386, count: 4 }
const BLOCK_MAP = { start: 0, count: 21 }
const PIECE_BYTES = 24

/** A part of an old GNU map, and whether another block with more of it follows. */
export interface OldSparseMap {
  readonly pieces: readonly SparsePiece[]
  readonly hasMore: boolean
}

/** Decodes the part of an old GNU map in a header, or in a block after one; `undefined` when a number is malformed. */
export function decodeOldSparseMap(block: Uint8Array, isHeader: boolean): OldSparseMap | undefined {
  const { start, count } = isHeader ? HEADER_MAP : BLOCK_MAP
  const end = start + count * PIECE_BYTES
  const pieces: SparsePiece[] = []
  for (let at = start; at < end && block[at] !== 0; at += PIECE_BYTES) {
    const offset = numberOf(block.subarray(at, at + 12))
    const length = numberOf(block.subarray(at + 12, at + PIECE_BYTES))
    if (offset === undefined || length === undefined) return undefined
    pieces.push({ offset, length })
  }
  return { pieces, hasMore: (block[end] ?? 0) > 0 }
}

/** How PAX records describe a sparse file: with a map among them (0.0 and 0.1) or before the data (1.0); not at all otherwise. */
export function paxSparseVersion(records: PaxRecords): '0.x' | '1.0' | undefined {
  const major = paxText(records, 'GNU.sparse.major') ?? ''
  const minor = paxText(records, 'GNU.sparse.minor') ?? ''
  if (major === '0' && (minor === '0' || minor === '1')) return '0.x'
  if (major === '1' && minor === '0') return '1.0'
  if (major !== '' || minor !== '') return undefined
  return paxText(records, 'GNU.sparse.map') === undefined ? undefined : '0.x'
}

/** The map among PAX records; `undefined` when it is malformed. */
export function paxSparseMap(records: PaxRecords): readonly SparsePiece[] | undefined {
  const count = integerOf(paxText(records, 'GNU.sparse.numblocks') ?? '')
  const map = paxText(records, 'GNU.sparse.map') ?? ''
  const numbers = map === '' ? [] : map.split(',')
  if (count === undefined || count < 0 || numbers.length !== 2 * count) return undefined
  return piecesOf(numbers)
}

/** The pieces of offsets and lengths in turn. */
export function piecesOf(numbers: readonly string[]): readonly SparsePiece[] | undefined {
  const pieces: SparsePiece[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    const offset = integerOf(numbers[at] ?? '')
    const length = integerOf(numbers[at + 1] ?? '')
    if (offset === undefined || length === undefined) return undefined
    pieces.push({ offset, length })
  }
  return pieces
}

/** Tells whether pieces are in order, do not overlap, and lie within `size`. */
export function areValidPieces(pieces: readonly SparsePiece[], size: number): boolean {
  let end = 0
  if (size < 0 || pieces.length > MOST_PIECES) return false
  return pieces.every(({ offset, length }) => {
    const isValid = offset >= end && length >= 0 && offset + length <= size
    end = offset + length
    return isValid
  })
}
