import { tryParseDigest, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { StoreCorruptError } from '../errors.ts'
import { asDescriptor } from '../record-codec.ts'
import type { Row } from './database.ts'

/** A value that was decoded from a column. @throws StoreCorruptError `ERR_STORE_CORRUPT` for `undefined` */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new StoreCorruptError('a row of the metadata')
  return value
}

/** The value of a column of JSON. */
export function jsonIn(row: Row, column: string): unknown {
  try {
    return JSON.parse(String(row[column]))
  } catch {
    return required(undefined)
  }
}

/** The descriptor in a column of JSON. */
export function descriptorIn(row: Row, column: string): Descriptor {
  return required(asDescriptor(jsonIn(row, column)))
}

/** The digest in a column of text. */
export function digestIn(row: Row, column: string): Digest {
  const parsed = tryParseDigest(String(row[column]))
  return required(parsed.ok ? parsed.value : undefined)
}
