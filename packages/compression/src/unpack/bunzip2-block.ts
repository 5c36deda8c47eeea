import { CompressedDataError } from '../errors.ts'
import type { BitInput } from './bit-input.ts'

/** The longest code, in bits. */
const MAX_CODE_BITS = 20
/** Codes of up to this many bits are looked up at once. */
const FAST_BITS = 10
/** Symbols that share a table, before the next one is chosen. */
const GROUP_SYMBOLS = 50
const MAX_SELECTORS = 18_002

/** A block before its last step: bytes, each with the index of the next one above it. */
export interface SortedBlock {
  readonly links: Uint32Array
  readonly length: number
  /** Where the first byte is. */
  readonly origin: number
}

interface CodeTable {
  /** Symbol and length of a code by its first {@link FAST_BITS} bits; 0 for longer codes. */
  readonly fast: Uint16Array
  /** The last code of each length, or -1. */
  readonly last: Int32Array
  /** What is subtracted from a code of each length for its place among the symbols. */
  readonly base: Int32Array
  readonly symbols: Uint16Array
  readonly longest: number
}

/**
 * Reads a block up to the reversed Burrows-Wheeler transform.
 *
 * @param room one number for each byte that a block of the stream may have
 * @throws CompressedDataError `ERR_COMPRESSED_DATA`
 * @see the format's only description, the reference implementation of bzip2 1.0
 */
export function readBlock(input: BitInput, room: Uint32Array): SortedBlock {
  // Blocks were shuffled once, against a weakness of the first version; nothing has written such ones since.
  if (input.read(1) === 1) throw damaged('a block of an obsolete kind')
  const origin = input.read(24)
  const bytes = readUsedBytes(input)
  const tables = input.read(3)
  const selectors = readSelectors(input, tables)
  const codes: CodeTable[] = []
  for (let at = 0; at < tables; at++) codes.push(readCodeTable(input, bytes.length + 2))
  const length = readBytes(input, { bytes, selectors, codes }, room)
  if (input.isOverrun) throw new CompressedDataError('bzip2', 'truncated', 'it ends too early')
  if (origin >= length) throw damaged('a start outside its block')
  link(room, length)
  return { links: room, length, origin }
}

/** The values that occur in the block, in order. */
function readUsedBytes(input: BitInput): Uint8Array {
  const rows = input.read(16)
  const used: number[] = []
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue
    const columns = input.read(16)
    for (let column = 0; column < 16; column++) if ((columns & (0x8000 >> column)) !== 0) used.push(row * 16 + column)
  }
  if (used.length === 0) throw damaged('a block without bytes')
  return Uint8Array.from(used)
}

/** Which table each group of symbols uses. */
function readSelectors(input: BitInput, tables: number): Uint8Array {
  const count = input.read(15)
  if (tables < 2 || tables > 6 || count === 0) throw damaged('no tables of codes')
  const recent = Uint8Array.from({ length: tables }, (_, at) => at)
  const selectors = new Uint8Array(Math.min(count, MAX_SELECTORS))
  for (let at = 0; at < count; at++) {
    let rank = 0
    while (input.read(1) === 1) if (++rank >= tables) throw damaged('a table that is not there')
    const table = recent[rank] ?? 0
    recent.copyWithin(1, 0, rank)
    recent[0] = table
    // Some compressors write more of them than a block can use.
    if (at < selectors.length) selectors[at] = table
  }
  return selectors
}

function readCodeTable(input: BitInput, symbols: number): CodeTable {
  const lengths = new Uint8Array(symbols)
  let length = input.read(5)
  for (let symbol = 0; symbol < symbols; symbol++) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_BITS) throw damaged('a code of no possible length')
      if (input.read(1) === 0) break
      length += input.read(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return codeTable(lengths)
}

/** Codes are in the order of their lengths, and equal lengths in that of their symbols. */
function codeTable(lengths: Uint8Array): CodeTable {
  const fast = new Uint16Array(1 << FAST_BITS)
  const last = new Int32Array(MAX_CODE_BITS + 1).fill(-1)
  const base = new Int32Array(MAX_CODE_BITS + 1)
  const symbols = new Uint16Array(lengths.length)
  let [code, place, longest] = [0, 0, 0]
  for (let length = 1; length <= MAX_CODE_BITS; length++) {
    base[length] = code - place
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue
      if (code >= 1 << length) throw damaged('more codes than there are')
      symbols[place++] = symbol
      if (length <= FAST_BITS) {
        const from = code << (FAST_BITS - length)
        fast.fill((symbol << 5) | length, from, from + (1 << (FAST_BITS - length)))
      }
      last[length] = code++
      longest = length
    }
    code <<= 1
  }
  return { fast, last, base, symbols, longest }
}

interface BlockCodes {
  readonly bytes: Uint8Array
  readonly selectors: Uint8Array
  readonly codes: readonly CodeTable[]
}

/** Reads the symbols: runs of the most recent byte, and ranks of others. Resolves to how many bytes they stand for. */
function readBytes(input: BitInput, { bytes, selectors, codes }: BlockCodes, room: Uint32Array): number {
  const recent = bytes.slice()
  const end = bytes.length + 1
  let length = 0
  let [run, weight] = [0, 1]
  for (const selector of selectors) {
    const table = codes[selector]
    if (table === undefined) throw damaged('a table that is not there')
    for (let left = GROUP_SYMBOLS; left > 0; left--) {
      const symbol = readSymbol(input, table)
      if (symbol < 2) {
        run += weight << symbol
        weight <<= 1
        if (run > room.length - length) throw damaged('a block that is too long')
        continue
      }
      if (run > 0) {
        room.fill(recent[0] ?? 0, length, length + run)
        length += run
        run = 0
        weight = 1
      }
      if (symbol === end) return length
      if (length >= room.length) throw damaged('a block that is too long')
      const byte = recent[symbol - 1] ?? 0
      // Ranks are small far more often than not, for which a call would cost more.
      for (let rank = symbol - 1; rank > 0; rank--) recent[rank] = recent[rank - 1] ?? 0
      recent[0] = byte
      room[length++] = byte
    }
    if (input.isOverrun) throw new CompressedDataError('bzip2', 'truncated', 'it ends too early')
  }
  throw damaged('a block without an end')
}

function readSymbol(input: BitInput, { fast, last, base, symbols, longest }: CodeTable): number {
  const ahead = input.peek(MAX_CODE_BITS)
  const found = fast[ahead >>> (MAX_CODE_BITS - FAST_BITS)] ?? 0
  if (found > 0) {
    input.skip(found & 31)
    return found >>> 5
  }
  for (let length = FAST_BITS + 1; length <= longest; length++) {
    const code = ahead >>> (MAX_CODE_BITS - length)
    if (code > (last[length] ?? -1)) continue
    input.skip(length)
    return symbols[code - (base[length] ?? 0)] ?? 0
  }
  throw damaged('a code that stands for nothing')
}

/** Writes above each byte which one follows it. */
function link(room: Uint32Array, length: number): void {
  const counts = new Uint32Array(257)
  for (let at = 0; at < length; at++) {
    const next = (room[at] ?? 0) + 1
    counts[next] = (counts[next] ?? 0) + 1
  }
  for (let byte = 1; byte < 257; byte++) counts[byte] = (counts[byte] ?? 0) + (counts[byte - 1] ?? 0)
  for (let at = 0; at < length; at++) {
    const byte = (room[at] ?? 0) & 0xff
    const place = counts[byte] ?? 0
    counts[byte] = place + 1
    room[place] = (room[place] ?? 0) | (at << 8)
  }
}

/** An error for bytes that no compressor writes. */
export function damaged(found: string): CompressedDataError {
  return new CompressedDataError('bzip2', 'corrupt', `it has ${found}`)
}
