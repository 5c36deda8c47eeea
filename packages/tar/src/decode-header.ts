import { concat, encodeText } from '@drayage/bytes'

import { checksums, field, type FieldName, FIELDS, type FieldPlace } from './block.ts'
import { TarSyntaxError } from './errors.ts'
import { numberOf, octalOf, fieldText, readable, tarText, type TarText } from './values.ts'

/** The dialects that a header may be written in; `ustar` is that of PAX too. */
export type TarFormat = 'v7' | 'ustar' | 'star' | 'gnu'

/** The fields of one header, as they stand there. */
export interface TarHeader {
  readonly format: TarFormat
  readonly name: TarText
  readonly linkname: TarText
  readonly typeflag: string
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds since 1970. */
  readonly mtime: number
}

/**
 * Decodes a header, whatever its dialect.
 *
 * @param offset where it is in the tar, for errors
 * @throws TarSyntaxError `ERR_TAR_SYNTAX`
 * @see POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function decodeHeader(block: Uint8Array, offset: number): TarHeader {
  const fail = (found: string): never => {
    throw new TarSyntaxError(found, offset)
  }
  const number = (place: FieldName): number =>
    numberOf(field(block, FIELDS[place])) ?? fail(`a header whose ${place} is not a number`)
  const text = (place: FieldPlace): TarText => fieldText(field(block, place))
  const sums = checksums(block)
  const checksum = octalOf(field(block, FIELDS.checksum))
  if (checksum !== sums.unsigned && checksum !== sums.signed) fail('a header with a wrong checksum')
  const format = formatOf(block)
  const header = {
    format,
    linkname: text(FIELDS.linkname),
    typeflag: String.fromCharCode(block[FIELDS.typeflag[0]] ?? 0),
    size: number('size'),
    mode: number('mode'),
    uid: number('uid'),
    gid: number('gid'),
    mtime: number('mtime'),
  }
  const name = text(FIELDS.name)
  if (format === 'v7') return { ...header, name }
  // No part of an entry here, but a header in which they are damaged is not trusted.
  number('devmajor')
  number('devminor')
  let prefix: TarText = ''
  if (format === 'ustar') prefix = text(FIELDS.prefix)
  if (format === 'star') {
    prefix = text(FIELDS.starPrefix)
    number('starAtime')
    number('starCtime')
  }
  if (format === 'gnu' && !hasGnuTimes(block)) {
    // Writers of Go before 1.8 put a prefix where GNU has times.
    const old = fieldText(field(block, FIELDS.prefix))
    // eslint-disable-next-line no-control-regex
    if (/^[\u0001-\u007f]*$/.test(readable(old))) prefix = old
  }
  return { ...header, name: prefix === '' ? name : joined(prefix, name) }
}

function joined(prefix: TarText, name: TarText): TarText {
  return typeof prefix === 'string' && typeof name === 'string'
    ? `${prefix}/${name}`
    : tarText(concat([bytesOf(prefix), encodeText('/'), bytesOf(name)]))
}

function bytesOf(text: TarText): Uint8Array {
  return typeof text === 'string' ? encodeText(text) : text
}

function formatOf(block: Uint8Array): TarFormat {
  if (holds(block, FIELDS.magic, 'ustar  \0')) return 'gnu'
  if (!holds(block, FIELDS.magic, 'ustar\0')) return 'v7'
  return holds(block, FIELDS.starTrailer, 'tar\0') ? 'star' : 'ustar'
}

function holds(block: Uint8Array, [start]: FieldPlace, text: string): boolean {
  for (let at = 0; at < text.length; at++) if (block[start + at] !== text.charCodeAt(at)) return false
  return true
}

function hasGnuTimes(block: Uint8Array): boolean {
  return [FIELDS.gnuAtime, FIELDS.gnuCtime].every((place) => {
    const time = field(block, place)
    return time[0] === 0 || numberOf(time) !== undefined
  })
}
