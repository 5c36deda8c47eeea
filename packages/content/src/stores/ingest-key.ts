import { isDigest } from '@drayage/digest'

import { IngestKeyError } from '../errors.ts'
import type { IngestKey } from '../ports.ts'

const TOKEN = /^[a-zA-Z0-9_-]{1,128}$/

/** Tells whether `value` can name an ingest: a digest, or 1 to 128 of `[a-zA-Z0-9_-]`. */
export function isIngestKey(value: unknown): value is IngestKey {
  return typeof value === 'string' && (TOKEN.test(value) || isDigest(value))
}

/**
 * Checks that `key` can name an ingest; every store does so before it uses a key.
 *
 * @throws IngestKeyError `ERR_INGEST_KEY`
 */
export function assertIngestKey(key: string): asserts key is IngestKey {
  if (!isIngestKey(key)) throw new IngestKeyError(key)
}
