import { digestHex, type ChainId, type DiffId, type Digest, type ImageId } from '@drayage/digest'

import { AmbiguousDigestError } from './errors.ts'

/**
 * Finds the one digest in `digests` that begins with `prefix`: at least one hex digit, optionally after `algorithm:`. A
 * complete digest matches only itself. Returns `undefined` when none matches.
 *
 * @throws AmbiguousDigestError `ERR_DIGEST_AMBIGUOUS` when several match
 */
export function lookUpDigest<Kind extends Digest | DiffId | ChainId | ImageId>(
  digests: Iterable<Kind>,
  prefix: string,
): Kind | undefined {
  if (prefix === '' || prefix.endsWith(':')) return undefined
  const hasAlgorithm = prefix.includes(':')
  let found: Kind | undefined
  for (const digest of digests) {
    if (digest === prefix) return digest
    if (digest === found || !(hasAlgorithm ? digest : digestHex(digest)).startsWith(prefix)) continue
    if (found !== undefined) throw new AmbiguousDigestError(prefix, [found, digest])
    found = digest
  }
  return found
}
