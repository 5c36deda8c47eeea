import type { PaxRecords } from './pax-records.ts'
import type { SparsePiece } from './sparse.ts'
import { readable, type TarText } from './values.ts'

/**
 * What an entry of a tar is. `global` is a PAX header whose records are meant for all entries after it: nothing here follows
 * them. Types without a name of their own are `other`.
 */
export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character-device'
  | 'block-device'
  | 'directory'
  | 'fifo'
  | 'global'
  | 'other'

/** One entry of a tar, as its header and the extended headers before it describe it. */
export interface TarEntry {
  /** Bytes that are not UTF-8 read as U+FFFD. */
  readonly name: string
  /** The bytes of a name that is not UTF-8. */
  readonly nameBytes: Uint8Array | undefined
  readonly type: TarEntryType
  /** As it stands in the header; `0` for a file and `5` for a directory that were written before there were types. */
  readonly typeflag: string
  /** Bytes of data in the tar, 0 for types without data, whatever their headers say. */
  readonly size: number
  /** What its headers say of the size in bytes: with the holes of a sparse file, and anything for types without data. */
  readonly statedSize: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds since 1970, with a fraction when the tar has one. */
  readonly mtime: number
  /** The fraction of `mtime` exactly: nanoseconds after the whole second before it. */
  readonly mtimeNanoseconds: number
  /** Target of a link. */
  readonly linkname: string
  /** The bytes of a target that is not UTF-8. */
  readonly linknameBytes: Uint8Array | undefined
  /** Where its own header is in the tar, in bytes. */
  readonly headerOffset: number
  /** Where its data starts in the tar, in bytes. */
  readonly offset: number
  /** Size with its holes of a file that is stored sparse, in bytes. */
  readonly sparseSize: number | undefined
  /** What is stored of a sparse file: its pieces in order, one after the other from `start` in the tar on. */
  readonly stored?: { readonly start: number; readonly pieces: readonly SparsePiece[] }
  /** The PAX records before it. */
  readonly pax: PaxRecords
}

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  g: 'global',
}

/** The type that a typeflag stands for. */
export function entryType(typeflag: string): TarEntryType {
  return TYPES[typeflag] ?? 'other'
}

/** A typeflag as of today: a directory was written as a file whose name ends in a slash before there was a type for it. */
export function presentTypeflag(typeflag: string, name: string): string {
  if (typeflag !== '\0') return typeflag
  return name.endsWith('/') ? '5' : '0'
}

/** Tells whether entries of a type may have data. */
export function hasData(type: TarEntryType): boolean {
  return type === 'file' || type === 'other' || type === 'global'
}

/** What an entry and its target are called, and the bytes of what is not UTF-8. */
export function entryNames(
  name: TarText,
  linkname: TarText,
): Pick<TarEntry, 'name' | 'nameBytes' | 'linkname' | 'linknameBytes'> {
  return {
    name: readable(name),
    nameBytes: typeof name === 'string' ? undefined : name,
    linkname: readable(linkname),
    linknameBytes: typeof linkname === 'string' ? undefined : linkname,
  }
}

/** A text, unless it is empty. */
export function filled(text: TarText | undefined): TarText | undefined {
  return text === undefined || text.length === 0 ? undefined : text
}
