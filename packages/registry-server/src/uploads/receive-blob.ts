import { isBytesError, limit } from '@drayage/bytes'
import { emptyResponse, type HttpRequest, type HttpResponse, type Ingest } from '@drayage/content'
import { type Digest, isDigestError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { BLOB_TYPE } from '../blobs/blobs.ts'
import { RequestRefusedError } from '../handler/refusal.ts'
import type { RegistryExchange } from '../handler/exchange.ts'
import { parseContentRange } from '../blobs/range.ts'

/**
 * Appends the body of the request to the ingest, after checking that its `Content-Range`, if it has one, starts at the
 * ingest's offset. A length that is announced is compared before anything is taken; bytes that came before a body turned
 * out to have another length stay, as those of a lost connection do.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 416 when the chunk is out of order, 400 when the body is
 * longer or shorter than its range, 413 when the blob gets too large
 */
export async function receiveBody(
  exchange: RegistryExchange,
  ingest: Ingest,
  signal: AbortSignal | undefined,
  outOfOrder: () => RequestRefusedError,
): Promise<void> {
  const { request, limits } = exchange
  const room = limits.maxBlobBytes - ingest.offset
  const wanted = rangeLength(request, ingest, outOfOrder)
  const maxBytes = Math.min(room, wanted ?? room)
  const header = request.headers['content-length']
  if (header !== undefined) assertLength(Number(header), wanted, room)
  const before = ingest.offset
  try {
    if (request.body !== undefined) await ingest.append(limit(request.body, maxBytes), { signal })
  } catch (error) {
    if (isBytesError(error)) throw maxBytes === room ? tooLarge(error) : otherLength('longer', error)
    throw error
  }
  assertLength(ingest.offset - before, wanted, room)
}

/** The bytes that the `Content-Range` of a request stands for; `undefined` when it has none, or closes an upload. */
function rangeLength(
  { method, headers, body }: HttpRequest,
  ingest: Ingest,
  outOfOrder: () => RequestRefusedError,
): number | undefined {
  const header = headers['content-range']
  // A PUT without a body may repeat the range of the last chunk.
  if (header === undefined || (method === 'PUT' && body === undefined)) return undefined
  const range = parseContentRange(header)
  if (range === undefined || range.start !== ingest.offset) throw outOfOrder()
  return range.end - range.start + 1
}

function assertLength(found: number, wanted: number | undefined, room: number): void {
  if (found > room) throw tooLarge()
  if (wanted !== undefined && found !== wanted) throw otherLength(found > wanted ? 'longer' : 'shorter')
}

/**
 * Commits the ingest as a blob and links it.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400, when the bytes have another digest; they are dropped
 */
export async function commitBlob(
  exchange: RegistryExchange,
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

function tooLarge(cause?: unknown): RequestRefusedError {
  const message = 'the blob is larger than the registry takes'
  return new RequestRefusedError({ status: 413, specCode: 'SIZE_INVALID', message }, { cause })
}

function otherLength(how: 'longer' | 'shorter', cause?: unknown): RequestRefusedError {
  const message = `the body is ${how} than its Content-Range`
  return new RequestRefusedError({ status: 400, specCode: 'SIZE_INVALID', message }, { cause })
}
