import { isBytesError, limit } from '@drayage/bytes'
import type { HttpResponse, Ingest } from '@drayage/content'
import { type Digest, isDigestError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { BLOB_TYPE } from './blobs.ts'
import { RequestRefusedError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { emptyResponse } from './respond.ts'
import { parseContentRange } from './range.ts'

/**
 * Appends the body of the request to the ingest, after checking that its `Content-Range`, if it has one, goes on where
 * the ingest stands.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 416 when the chunk is out of order, 400 when the body is
 * longer than its range, 413 when the blob gets too large
 */
export async function receiveBody(
  exchange: Exchange,
  ingest: Ingest,
  signal: AbortSignal | undefined,
  outOfOrder: () => RequestRefusedError,
): Promise<void> {
  const { request, limits } = exchange
  if (request.body === undefined) return
  const header = request.headers['content-range']
  const room = limits.maxBlobBytes - ingest.offset
  let maxBytes = room
  if (header !== undefined) {
    const range = parseContentRange(header)
    if (range === undefined || range.start !== ingest.offset) throw outOfOrder()
    maxBytes = Math.min(room, range.end - range.start + 1)
  }
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) throw tooLong(maxBytes === room)
  try {
    await ingest.append(limit(request.body, maxBytes), { signal })
  } catch (error) {
    if (isBytesError(error)) throw tooLong(maxBytes === room, error)
    throw error
  }
}

/**
 * Commits the ingest as a blob and links it.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400, when the bytes have another digest; they are dropped
 */
export async function commitBlob(
  exchange: Exchange,
  ingest: Ingest,
  repository: string,
  digest: Digest,
): Promise<HttpResponse> {
  const { storage, request } = exchange
  const blob: Descriptor = { mediaType: BLOB_TYPE, digest, size: ingest.offset }
  try {
    await ingest.commit(blob, request)
  } catch (error) {
    if (!isDigestError(error)) throw error
    const message = 'provided digest did not match uploaded content'
    throw new RequestRefusedError(
      { status: 400, specCode: 'DIGEST_INVALID', message, detail: { digest } },
      { cause: error },
    )
  }
  await storage.blobs.link(repository, blob, request)
  return blobCreated(repository, digest)
}

/** The answer when a blob is now in the repository. */
export function blobCreated(repository: string, digest: Digest): HttpResponse {
  return emptyResponse(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest })
}

function tooLong(isBlobLimit: boolean, cause?: unknown): RequestRefusedError {
  const message = isBlobLimit
    ? 'the blob is larger than the registry takes'
    : 'the body is longer than its Content-Range'
  return new RequestRefusedError({ status: isBlobLimit ? 413 : 400, specCode: 'SIZE_INVALID', message }, { cause })
}
