import type { AbortOptions } from '@drayage/bytes'
import { DigestMismatchError, tryParseDigest, type Digest } from '@drayage/digest'
import { isManifestType, type Descriptor } from '@drayage/manifest'

import { contentLength, contentType, discardBody } from './body.ts'
import { expectStatus, type Endpoint } from './endpoint.ts'
import { acceptManifest, fetchManifest } from './fetch-manifest.ts'
import { MANIFEST_MAX_BYTES } from './limits.ts'

/** Answers to HEAD after which GET tells more: the body of an error, or a registry that does not serve HEAD. */
const UNSERVED: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 406, 501])

/**
 * The descriptor of a manifest, by HEAD, which registries do not count against limits; by GET when HEAD does not give
 * digest, type and size. What HEAD says is a hint: whoever fetches the manifest finds out what it is.
 *
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the answer names another digest than the one asked for
 */
export async function resolveManifest(
  endpoint: Endpoint,
  path: string,
  digest: Digest | undefined,
  options: AbortOptions = {},
): Promise<Descriptor> {
  const headers = { accept: acceptManifest() }
  const head = await endpoint.send({ method: 'HEAD', path, headers, signal: options.signal })
  if (!UNSERVED.has(head.response.status)) {
    const { response } = await expectStatus(head, 200)
    await discardBody(response)
    const hint = describe(response.headers)
    if (hint !== undefined) {
      if (digest !== undefined && hint.digest !== digest) throw new DigestMismatchError(hint.digest, digest)
      return hint
    }
  } else {
    await discardBody(head.response)
  }
  const { descriptor } = await fetchManifest(endpoint, { path, digest }, options)
  return descriptor
}

/** What the headers of a HEAD say, when they say everything and it can be right. */
function describe(headers: Readonly<Record<string, string>>): Descriptor | undefined {
  const digest = tryParseDigest(headers['docker-content-digest']?.trim() ?? '')
  const mediaType = contentType(headers)
  const size = contentLength(headers)
  const isWhole = digest.ok && isManifestType(mediaType) && size !== undefined && size > 0 && size <= MANIFEST_MAX_BYTES
  return isWhole ? { mediaType, digest: digest.value, size } : undefined
}
