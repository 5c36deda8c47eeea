import { type AbortOptions, fromBytes } from '@drayage/bytes'
import { verifyBytes } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { Ingester } from './ports.ts'

/**
 * Writes content that is in memory. It is verified before anything is written.
 *
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function writeBlob(
  sink: Ingester,
  what: Descriptor,
  bytes: Uint8Array,
  options: AbortOptions = {},
): Promise<'committed' | 'already-present'> {
  verifyBytes(bytes, what)
  await using ingest = await sink.begin(what.digest, options)
  if (ingest.offset > 0) await ingest.reset(options)
  await ingest.append(fromBytes(bytes), options)
  return await ingest.commit(what, options)
}
