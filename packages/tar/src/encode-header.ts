import { concat, encodeText } from '@drayage/bytes'

import { TAR_BLOCK_BYTES, checksums, field, FIELDS, paddingOf } from './block.ts'
import { encodePaxRecords } from './pax-records.ts'

/** A file or a symbolic link to write a header for. */
export interface TarFile {
  /** Its path in the archive. */
  readonly name: string
  /** Bytes of its data. */
  readonly size: number
  /** Where a symbolic link leads, as it is written; absent for a regular file. */
  readonly linkTo?: string | undefined
  /** When it was changed, in whole seconds from 1970 on, at most 8^11 - 1; 0 by default. */
  readonly mtime?: number | undefined
}

const TYPES = { file: '0', link: '2', extended: 'x' } as const
const MODES = { file: 0o444, link: 0o777, extended: 0 } as const

/**
 * The header of a regular file or a symbolic link: mode 0444 or 0777, owner 0 and the same time each time,
 * so that equal files give equal bytes.
 * Names that do not fit come in a PAX header before it. Its length depends on the names only, not on the size.
 *
 * @throws RangeError when a name is empty or holds a NUL, or the size is not an integer from 0
 * @see POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"
 */
export function encodeTarHeader({ name, size, linkTo, mtime = 0 }: TarFile): Uint8Array {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`Cannot write a tar header: the size is ${size}`)
  if (name === '' || `${name}${linkTo ?? ''}`.includes('\0')) {
    throw new RangeError('Cannot write a tar header: the name is empty or holds a NUL')
  }
  const kind = linkTo === undefined ? 'file' : 'link'
  const split = splitName(name)
  const fitsLink = linkTo === undefined || fits(linkTo, FIELDS.linkname[1])
  const own = headerBlock(kind, { ...(split ?? { name, prefix: '' }), size, linkTo: linkTo ?? '', mtime })
  if (split !== undefined && fitsLink) return own
  const records = encodePaxRecords({
    ...(split === undefined && { path: name }),
    ...(!fitsLink && { linkpath: linkTo }),
  })
  const extended = headerBlock('extended', {
    name: 'PaxHeaders.0/long',
    prefix: '',
    size: records.byteLength,
    linkTo: '',
    mtime: 0,
  })
  return concat([extended, records, new Uint8Array(paddingOf(records.byteLength)), own])
}

interface HeaderFields {
  readonly name: string
  readonly prefix: string
  readonly size: number
  readonly linkTo: string
  readonly mtime: number
}

function headerBlock(kind: keyof typeof TYPES, { name, prefix, size, linkTo, mtime }: HeaderFields): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK_BYTES)
  putText(field(block, FIELDS.name), name)
  putOctal(field(block, FIELDS.mode), MODES[kind])
  putOctal(field(block, FIELDS.uid), 0)
  putOctal(field(block, FIELDS.gid), 0)
  putNumber(field(block, FIELDS.size), size)
  putOctal(field(block, FIELDS.mtime), mtime)
  putText(field(block, FIELDS.typeflag), TYPES[kind])
  putText(field(block, FIELDS.linkname), linkTo)
  putText(field(block, FIELDS.magic), 'ustar\u000000')
  putOctal(field(block, FIELDS.devmajor), 0)
  putOctal(field(block, FIELDS.devminor), 0)
  putText(field(block, FIELDS.prefix), prefix)
  const checksum = field(block, FIELDS.checksum)
  putOctal(checksum.subarray(0, 7), checksums(block).unsigned)
  checksum[7] = 0x20
  return block
}

/** A path as the two fields for it; `undefined` when it does not fit. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (fits(path, FIELDS.name[1])) return { name: path, prefix: '' }
  // The prefix ends at the last slash that leaves both within their fields.
  const slash = path.slice(0, FIELDS.prefix[1] + 1).lastIndexOf('/')
  const [prefix, name] = [path.slice(0, slash), path.slice(slash + 1)]
  const isSplit = slash > 0 && name !== '' && fits(prefix, FIELDS.prefix[1]) && fits(name, FIELDS.name[1])
  return isSplit ? { name, prefix } : undefined
}

function fits(text: string, length: number): boolean {
  // eslint-disable-next-line no-control-regex
  return text.length <= length && /^[\u0001-\u007f]*$/.test(text)
}

/** Writes what fits. A name that is cut must not end in a slash, which some readers take for that of a directory. */
function putText(target: Uint8Array, text: string): void {
  const bytes = encodeText(text)
  let end = Math.min(bytes.byteLength, target.byteLength)
  while (bytes.byteLength > target.byteLength && bytes[end - 1] === 0x2f) end--
  target.set(bytes.subarray(0, end))
}

function putOctal(target: Uint8Array, value: number): void {
  putText(target, value.toString(8).padStart(target.byteLength - 1, '0'))
}

/** Octal where it fits, else base 256, so that the length of a header does not depend on the number. */
function putNumber(target: Uint8Array, value: number): void {
  if (value < 8 ** (target.byteLength - 1)) return putOctal(target, value)
  let rest = BigInt(value)
  for (let at = target.byteLength - 1; at > 0; at--, rest >>= 8n) target[at] = Number(rest & 0xffn)
  target[0] = 0x80
}
