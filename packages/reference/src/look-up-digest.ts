import { digestHex, type ChainId, type DiffId, type Digest, type ImageId } from '@drayage/digest'

import { AmbiguousDigestError } from './errors.ts'

/**
 * Finds the digest in `digests` that `prefix` stands for: the first hex digits, at least one, or `algorithm:` and the
 * first hex digits. A complete digest stands for itself alone. Returns `undefined` when there is none.
 *
 * @throws AmbiguousDigestError `ERR_DIGEST_AMBIGUOUS` when there is more than one
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
