import { ArchiveFormatError } from './errors.ts'

/** What an extended header changes in the header after it. */
export interface PaxRecords {
  readonly path?: string
  readonly linkpath?: string
  /** In bytes. */
  readonly size?: number
  /** Whether the file has holes that are not stored. */
  readonly isSparse?: boolean
}

/**
 * Decodes an extended header: records of `<length> <key>=<value>\n`.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @see POSIX.1-2017, pax, "pax Extended Header"
 */
export function decodePaxRecords(bytes: Uint8Array): PaxRecords {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: { path?: string; linkpath?: string; size?: number; isSparse?: boolean } = {}
  for (let start = 0; start < data.byteLength;) {
    const { key, value, end } = record(data, start)
    start = end
    if (key === 'path') found.path = value
    else if (key === 'linkpath') found.linkpath = value
    else if (key === 'size') found.size = size(value)
    else if (key.startsWith('GNU.sparse.')) found.isSparse = true
  }
  return found
}

interface PaxRecord {
  readonly key: string
  readonly value: string
  readonly end: number
}

function record(data: Buffer, start: number): PaxRecord {
  const space = data.indexOf(0x20, start)
  // Longer than any length that fits.
  const digits = space < 0 || space - start > 16 ? '' : data.toString('latin1', start, space)
  const end = /^[0-9]+$/.test(digits) ? start + Number(digits) : -1
  const equals = data.indexOf(0x3d, space)
  if (end <= space + 1 || end > data.byteLength || data[end - 1] !== 0x0a || equals < 0 || equals >= end) {
    throw malformed('a record of another form')
  }
  return { key: data.toString('utf8', space + 1, equals), value: data.toString('utf8', equals + 1, end - 1), end }
}

function size(value: string): number {
  const bytes = /^[0-9]{1,16}$/.test(value) ? Number(value) : -1
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw malformed('a size that is no integer')
  return bytes
}

function malformed(found: string): ArchiveFormatError {
  return new ArchiveFormatError('tar', `found ${found} in an extended header, expected <length> <key>=<value>`)
}
