import { LayerTarError } from './errors.ts'
import { readPaxInteger, readPaxTime, type PaxRecords } from './pax-records.ts'
import type { TarEntry, TarEntryType } from './tar-entry.ts'
import type { TarHeader } from './tar-header.ts'

/** What extended headers said about the next entry. */
export interface PendingNames {
  readonly pax?: PaxRecords
  readonly longName?: string
  readonly longLink?: string
}

/** Most bytes of a path or of a link's target: PATH_MAX of Linux. */
export const MAX_TAR_PATH_BYTES: number = 4096
/** Most components of a path. */
export const MAX_TAR_PATH_COMPONENTS: number = 1024

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}
/** Types that never have data, whatever their size field says. */
const DATALESS: ReadonlySet<TarEntryType> = new Set<TarEntryType>([
  'hardlink',
  'symlink',
  'character-device',
  'block-device',
  'directory',
  'fifo',
])
const FIELD_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'])

/**
 * Puts together what a header and the extended headers before it say; PAX counts before the header.
 *
 * @param headerOffset where the header is in the tar, for errors
 * @param dataOffset where the entry's data starts in the tar
 * @throws LayerTarError `ERR_LAYER_TAR`
 */
export function entryOf(header: TarHeader, names: PendingNames, headerOffset: number, dataOffset: number): TarEntry {
  const pax: PaxRecords = names.pax ?? new Map()
  const name = nameOf(pax, ['GNU.sparse.name', 'path'], names.longName, header.name, headerOffset)
  const linkname = nameOf(pax, ['linkpath'], names.longLink, header.linkname, headerOffset)
  const isOldDirectory = header.typeflag === '\0' && name.endsWith('/')
  const type = isOldDirectory ? 'directory' : (TYPES[header.typeflag] ?? 'other')
  const size = readPaxInteger(pax, 'size', headerOffset) ?? header.size
  const sparseSize =
    readPaxInteger(pax, 'GNU.sparse.realsize', headerOffset) ??
    readPaxInteger(pax, 'GNU.sparse.size', headerOffset) ??
    header.sparseSize
  const isLink = type === 'hardlink' || type === 'symlink'
  return {
    name,
    type,
    size: DATALESS.has(type) ? 0 : size,
    mode: header.mode & 0o7777,
    uid: readPaxInteger(pax, 'uid', headerOffset) ?? header.uid,
    gid: readPaxInteger(pax, 'gid', headerOffset) ?? header.gid,
    mtime: readPaxTime(pax, 'mtime', headerOffset) ?? header.mtime,
    ...(isLink && { linkname }),
    offset: dataOffset,
    ...(sparseSize !== undefined && { sparseSize }),
    ...otherRecords(pax),
  }
}

function nameOf(
  pax: PaxRecords,
  keys: readonly string[],
  long: string | undefined,
  own: string,
  offset: number,
): string {
  const stated = keys.map((key) => pax.get(key)).find((value) => value !== undefined && value.length > 0)
  const fromPax = stated === undefined || typeof stated === 'string' ? stated : new TextDecoder().decode(stated)
  if (fromPax !== undefined && long !== undefined && fromPax !== long) {
    throw new LayerTarError('an entry with two long names', offset)
  }
  const name = fromPax ?? long ?? own
  if (Buffer.byteLength(name) > MAX_TAR_PATH_BYTES) {
    throw new LayerTarError(`a path of more than ${MAX_TAR_PATH_BYTES} bytes`, offset)
  }
  if (name.split('/').length > MAX_TAR_PATH_COMPONENTS) {
    throw new LayerTarError(`a path of more than ${MAX_TAR_PATH_COMPONENTS} components`, offset)
  }
  return name
}

function otherRecords(pax: PaxRecords): Pick<TarEntry, 'pax' | 'paxBinary'> {
  const texts: [string, string][] = []
  const binaries: [string, string][] = []
  for (const [key, value] of pax) {
    if (FIELD_KEYS.has(key)) continue
    if (typeof value === 'string') texts.push([key, value])
    else binaries.push([key, Buffer.from(value).toString('base64')])
  }
  return {
    ...(texts.length > 0 && { pax: Object.fromEntries(texts) }),
    ...(binaries.length > 0 && { paxBinary: Object.fromEntries(binaries) }),
  }
}
