import { LayerTarError } from './errors.ts'

/** PAX records of one header; a value that is not UTF-8 stays bytes, an empty one takes the field away. */
export type PaxRecords = ReadonlyMap<string, string | Uint8Array>

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const TEXT_KEYS: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname'])

/**
 * Reads the records `<length> <key>=<value>\n` of a PAX header; of two with the same key the last one counts.
 *
 * @param offset where the records are in the tar, for errors
 * @throws LayerTarError `ERR_LAYER_TAR`
 * @see POSIX.1-2017, pax, "pax Extended Header"
 */
export function readPaxRecords(bytes: Uint8Array, offset: number): PaxRecords {
  const records = new Map<string, string | Uint8Array>()
  let position = 0
  while (position < bytes.byteLength) {
    const fail = (): never => {
      throw new LayerTarError('a malformed PAX record', offset + position)
    }
    const space = bytes.indexOf(0x20, position)
    const digits = space < 0 || space > position + 9 ? '' : String.fromCharCode(...bytes.subarray(position, space))
    if (!/^[1-9][0-9]*$/.test(digits)) fail()
    const end = position + Number(digits)
    const equals = bytes.indexOf(0x3d, space)
    if (end > bytes.byteLength || bytes[end - 1] !== 0x0a || equals < 0 || equals >= end - 1) fail()
    const key = decode(bytes.subarray(space + 1, equals))
    const value = decode(bytes.subarray(equals + 1, end - 1))
    if (typeof key !== 'string' || key === '') return fail()
    if (TEXT_KEYS.has(key) && typeof value === 'string' && value.includes('\0')) fail()
    records.set(key, value)
    position = end
  }
  return records
}

/** A decimal integer that is safe and not negative. */
export function readPaxInteger(records: PaxRecords, key: string, offset: number): number | undefined {
  const value = records.get(key)
  if (value === undefined || value === '') return undefined
  const number = typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new LayerTarError(`a PAX ${key} that is no number`, offset)
  return number
}

/** A time in seconds with an optional fraction. */
export function readPaxTime(records: PaxRecords, key: string, offset: number): number | undefined {
  const value = records.get(key)
  if (value === undefined || value === '') return undefined
  const isTime = typeof value === 'string' && /^-?[0-9]{1,20}(\.[0-9]*)?$/.test(value)
  if (!isTime) throw new LayerTarError(`a PAX ${key} that is no time`, offset)
  return Number(value)
}

function decode(bytes: Uint8Array): string | Uint8Array {
  try {
    return strict.decode(bytes)
  } catch {
    return bytes.slice()
  }
}
