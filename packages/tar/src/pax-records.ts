import { encodeText } from '@drayage/bytes'

import { integerOf, readable, tarText, type TarText } from './values.ts'

/** PAX records of one header; a value that is not UTF-8 stays bytes. */
export type PaxRecords = ReadonlyMap<string, TarText>

/** Values of these keys are texts, which hold no NUL; in other records only the keys may not. */
const TEXT_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname'])

const SPACE = 0x20
const EQUALS = 0x3d
const NEWLINE = 0x0a

/**
 * Decodes the records of a PAX header, `<length> <key>=<value>\n` each, in their order; `undefined` when one is malformed.
 *
 * @see POSIX.1-2017, pax, "pax Extended Header"
 */
export function decodePaxRecords(bytes: Uint8Array): readonly (readonly [string, TarText])[] | undefined {
  const records: [string, TarText][] = []
  for (let start = 0; start < bytes.byteLength;) {
    const space = bytes.indexOf(SPACE, start)
    const length = space < 0 ? undefined : integerOf(readable(tarText(bytes.subarray(start, space))))
    if (length === undefined || length < 5 || length > bytes.byteLength - start) return undefined
    const end = start + length
    const equals = bytes.indexOf(EQUALS, space)
    if (end <= space + 1 || bytes[end - 1] !== NEWLINE || equals < 0 || equals >= end - 1) return undefined
    const key = readable(tarText(bytes.subarray(space + 1, equals)))
    const value = bytes.subarray(equals + 1, end - 1)
    if (key === '' || (TEXT_KEYS.has(key) ? value.includes(0) : key.includes('\0'))) return undefined
    records.push([key, tarText(value)])
    start = end
  }
  return records
}

/** The value of a record; `undefined` where it is missing or empty. */
export function paxValue(records: PaxRecords, key: string): TarText | undefined {
  const value = records.get(key)
  return value?.length === 0 ? undefined : value
}

/** The text of a record; `undefined` where it is missing or empty. */
export function paxText(records: PaxRecords, key: string): string | undefined {
  const value = paxValue(records, key)
  return value === undefined ? undefined : readable(value)
}

/** Encodes PAX records; keys without a value are left out. */
export function encodePaxRecords(records: Readonly<Record<string, string | undefined>>): Uint8Array {
  const parts = Object.entries(records).flatMap(([key, value]) => (value === undefined ? [] : [record(key, value)]))
  return encodeText(parts.join(''))
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  const bytes = encodeText(rest).byteLength
  // The length counts its own digits.
  let length = bytes + String(bytes).length
  if (bytes + String(length).length > length) length = bytes + String(length).length
  return `${length}${rest}`
}
