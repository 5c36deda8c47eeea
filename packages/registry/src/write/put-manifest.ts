import type { AbortOptions } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import { digestAlgorithm, DigestMismatchError } from '@drayage/digest'
import { manifestKind, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'

import { errorOf, expectStatus, type EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { RegistryUnsupportedError } from '../errors/answer-errors.ts'
import { discardBody } from '../http/body.ts'
import { namedDigest } from '../http/headers.ts'

/** A manifest to put. */
export interface PutManifest {
  /** Below the repository's path, from `/manifests/` on, with the digest or the tag. */
  readonly path: string
  readonly what: Descriptor
  /** The caller has verified them. */
  readonly bytes: Uint8Array
}

/**
 * Puts a manifest where its digest or a tag says. What it refers to has to be there; a registry that misses some answers
 * with the code `MANIFEST_BLOB_UNKNOWN`.
 *
 * @returns the headers of the answer
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the registry stores it by another digest, of any algorithm
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests" (end-7)
 */
export async function putManifest(
  { endpoint, path }: RemoteRepository,
  wanted: PutManifest,
  { signal }: AbortOptions,
): Promise<HttpResponse['headers']> {
  const { what, bytes } = wanted
  // Registries know schema 1 by the type that it has with its signatures.
  const isSchema1 = manifestKind(what.mediaType) === 'schema1'
  const type = isSchema1 ? MEDIA_TYPES.schema1Signed : what.mediaType
  const headers = { 'content-type': type, 'content-length': String(bytes.byteLength) }
  const sent = await endpoint.send({ method: 'PUT', path: path + wanted.path, headers, content: bytes, signal })
  // docker-registry has no other answer to a format that it was told not to take.
  if (isSchema1 && sent.response.status === 500) throw await unsupported(sent)
  const { response } = await expectStatus(sent, 200, 201, 202)
  await discardBody(response)
  const named = namedDigest(response.headers)
  if (named !== undefined && named !== what.digest) {
    const algorithm = digestAlgorithm(what.digest)
    const hint =
      digestAlgorithm(named) === algorithm ? undefined : `The registry does not name manifests by ${algorithm}.`
    throw new DigestMismatchError(named, what.digest, { hint })
  }
  return response.headers
}

async function unsupported(answer: EndpointAnswer): Promise<RegistryUnsupportedError> {
  const error = await errorOf(answer)
  const { method, url, status, codes, said } = error
  return new RegistryUnsupportedError({ method, url, status, codes, said, retryable: false }, { cause: error })
}
