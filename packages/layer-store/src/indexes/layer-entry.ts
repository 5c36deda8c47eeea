import type { PaxRecords, TarEntry, TarEntryType } from '@drayage/tar'

/** One entry of a layer's tar, as the index of the layer keeps it: what `archive/tar` of Go lists. */
export interface LayerEntry {
  /** As it stands in the tar; bytes that are not UTF-8 read as U+FFFD. */
  readonly name: string
  /** The bytes of a name that is not UTF-8, in base64. */
  readonly nameBinary?: string
  readonly type: TarEntryType
  /** The typeflag, where it is not the one that POSIX has for `type`. */
  readonly typeflag?: string
  /** Bytes of data in the tar. */
  readonly size: number
  /** The size in the header in bytes, where it is neither `size` nor `sparseSize`: that of a type without data. */
  readonly statedSize?: number
  /** Permission bits with setuid, setgid and sticky, such as `0o644`. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds since 1970, with a fraction when the tar has one. */
  readonly mtime: number
  /** The fraction of `mtime` exactly, where it has one: nanoseconds after the whole second before it. */
  readonly mtimeNanoseconds?: number
  /** Target of a link; of other types what their headers have there. */
  readonly linkname?: string
  /** The bytes of a target that is not UTF-8, in base64. */
  readonly linknameBinary?: string
  /** Where the data starts in the uncompressed tar, in bytes. */
  readonly offset: number
  /** Size with its holes of a file that is stored sparse, in bytes. */
  readonly sparseSize?: number
  /** Other PAX records of the entry, such as extended attributes. */
  readonly pax?: Readonly<Record<string, string>>
  /** PAX records whose value is not UTF-8, in base64. */
  readonly paxBinary?: Readonly<Record<string, string>>
}

const FIELD_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'])

/** The typeflags that POSIX has. */
const TYPEFLAGS: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
  global: 'g',
  other: '',
}

/** What the index keeps of an entry. */
export function layerEntry(entry: TarEntry): LayerEntry {
  const { name, type, typeflag, size, statedSize, mode, uid, gid, mtime, mtimeNanoseconds, linkname } = entry
  const { nameBytes, linknameBytes, offset, sparseSize } = entry
  const isLink = type === 'hardlink' || type === 'symlink'
  return {
    name,
    ...(nameBytes !== undefined && { nameBinary: base64(nameBytes) }),
    type,
    ...(typeflag !== TYPEFLAGS[type] && { typeflag }),
    size,
    ...(statedSize !== (sparseSize ?? size) && { statedSize }),
    ...{ mode: mode & 0o7777, uid, gid, mtime },
    ...(mtimeNanoseconds !== 0 && { mtimeNanoseconds }),
    ...((isLink || linkname !== '') && { linkname }),
    ...(linknameBytes !== undefined && { linknameBinary: base64(linknameBytes) }),
    offset,
    ...(sparseSize !== undefined && { sparseSize }),
    ...otherRecords(entry.pax),
  }
}

function otherRecords(pax: PaxRecords): Pick<LayerEntry, 'pax' | 'paxBinary'> {
  const texts: [string, string][] = []
  const binaries: [string, string][] = []
  for (const [key, value] of pax) {
    if (FIELD_KEYS.has(key)) continue
    if (typeof value === 'string') texts.push([key, value])
    else binaries.push([key, base64(value)])
  }
  return {
    ...(texts.length > 0 && { pax: Object.fromEntries(texts) }),
    ...(binaries.length > 0 && { paxBinary: Object.fromEntries(binaries) }),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
