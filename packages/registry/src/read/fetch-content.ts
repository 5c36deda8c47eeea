import type { ByteStream } from '@drayage/bytes'
import type { RangeOptions } from '@drayage/content'
import { createHasher, digestAlgorithm, DigestMismatchError, parseDigest, verifyBytes } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { findCandidates, type Fallback } from '../endpoints/fallback.ts'
import { RegistryMirrorError } from '../errors/transfer-errors.ts'
import type { BodyReader } from '../http/body.ts'
import { WHOLE_MAX_BYTES } from '../limits.ts'
import { openBlob } from './blob-reader.ts'

/**
 * The bytes of content from `offset` on, from the first server that has them. It is the only iterator between a body and
 * the caller, so that a chunk costs little.
 *
 * Bytes from the start are verified, and also where the caller does that when a mirror gives them, so that its mistake is
 * known as such. What is small is verified before any of it is given. Of what is large a mirror may give wrong bytes, or
 * stop in the middle: then the error says that the same request can be made again at once, and for a minute another server
 * answers it.
 *
 * @throws DigestSyntaxError `ERR_DIGEST_SYNTAX`
 * @throws RangeError when the offset is not within the content
 * @throws RegistryMirrorError `ERR_REGISTRY_MIRROR`
 */
export async function* fetchContent(fallback: Fallback, what: Descriptor, options: RangeOptions = {}): ByteStream {
  const { offset = 0, signal } = options
  parseDigest(what.digest)
  checkRange(what, offset)
  signal?.throwIfAborted()
  if (offset === what.size) {
    if (offset === 0) verifyBytes(new Uint8Array(0), what)
    return
  }
  const wanted = { use: 'pull', content: { digest: what.digest, offset }, signal } as const
  const { remotes, served, failed } = await findCandidates(fallback, wanted)
  for (const [index, remote] of remotes.entries()) {
    const isLast = index === remotes.length - 1
    const isVerified = offset === 0 && (options.verify !== false || !isLast)
    const hasher = isVerified ? createHasher(digestAlgorithm(what.digest)) : undefined
    const held: Uint8Array[] | undefined = isVerified && !isLast && what.size <= WHOLE_MAX_BYTES ? [] : undefined
    let hasBegun = false
    let body: BodyReader | undefined
    try {
      body = await openBlob(remote, what, offset, options)
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) {
        hasher?.update(chunk)
        if (held !== undefined) {
          held.push(chunk)
          continue
        }
        if (!hasBegun) served(remote)
        hasBegun = true
        yield chunk
      }
      const actual = hasher?.digest()
      if (actual !== undefined && actual !== what.digest) throw new DigestMismatchError(actual, what.digest)
    } catch (error) {
      signal?.throwIfAborted()
      if (isLast) throw error
      failed(remote, error)
      if (!hasBegun) continue
      fallback.health.suspect(remote.key, what.digest, 'broken')
      throw new RegistryMirrorError(remote.endpoint.host, what.digest, { cause: error })
    } finally {
      await body?.close()
    }
    if (held !== undefined) {
      served(remote)
      yield* held
    }
    if (offset > 0 && !isLast) fallback.health.suspect(remote.key, what.digest, 'unverified')
    return
  }
}

function checkRange({ digest, size }: Descriptor, offset: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(`Cannot fetch ${digest}: its size is ${size}, expected a whole number of bytes`)
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
    throw new RangeError(`Cannot fetch ${digest}: the offset is ${offset}, expected 0 to ${size}`)
  }
}
