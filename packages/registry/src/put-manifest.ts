import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'

import { discardBody } from './body.ts'
import { expectStatus, type Endpoint } from './endpoint.ts'
import { checkNamedDigest } from './finish-upload.ts'

/** A manifest to put. */
export interface PutManifest {
  /** From `/v2/` on, with the digest or the tag. */
  readonly path: string
  readonly what: Descriptor
  /** The caller has verified them. */
  readonly bytes: Uint8Array
}

/**
 * Puts a manifest where its digest or a tag says. What it refers to has to be there; a registry that misses some answers
 * with the code `MANIFEST_BLOB_UNKNOWN`.
 *
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH` when the registry stores it by another digest
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests" (end-7)
 */
export async function putManifest(endpoint: Endpoint, wanted: PutManifest, options: AbortOptions): Promise<void> {
  const { path, what, bytes } = wanted
  const headers = { 'content-type': what.mediaType, 'content-length': String(bytes.byteLength) }
  const sent = await endpoint.send({ method: 'PUT', path, headers, content: bytes, signal: options.signal })
  const answer = await expectStatus(sent, 200, 201, 202)
  await discardBody(answer.response)
  checkNamedDigest(what.digest, answer)
}
