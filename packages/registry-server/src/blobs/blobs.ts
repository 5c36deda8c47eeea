import type { ByteStream } from '@drayage/bytes'
import { emptyResponse, type HttpResponse } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { RequestRefusedError, requireDigest } from '../handler/refusal.ts'
import { type RegistryExchange, requireDeletes } from '../handler/exchange.ts'
import { parseByteRange } from './range.ts'

/** The media type of blobs in responses. */
export const BLOB_TYPE = 'application/octet-stream'

/** Answers GET and HEAD of a blob. @see OCI distribution-spec v1.1.1, "Pulling blobs" (end-2) */
export async function getBlob(
  exchange: RegistryExchange,
  repository: string,
  digestText: string,
): Promise<HttpResponse> {
  const digest = requireDigest(digestText)
  const blob = await requireBlob(exchange, repository, digest)
  return contentResponse(exchange, blob, BLOB_TYPE)
}

/** Answers DELETE of a blob. @see OCI distribution-spec v1.1.1, "Deleting Blobs" (end-10) */
export async function unlinkBlob(
  exchange: RegistryExchange,
  repository: string,
  digestText: string,
): Promise<HttpResponse> {
  requireDeletes(exchange)
  const digest = requireDigest(digestText)
  if (!(await exchange.storage.blobs.unlink(repository, digest, exchange.request))) throw blobUnknown(digest)
  return emptyResponse(202)
}

/**
 * The bytes of `what`, or the part of them that the request's `Range` asks for. The whole is verified, so that the response
 * to nobody is complete and wrong.
 *
 * @param digest what it is known by, where that is not the digest of its bytes
 */
export function contentResponse(
  exchange: RegistryExchange,
  what: Descriptor,
  mediaType: string,
  digest: Digest = what.digest,
): HttpResponse {
  const { request, storage } = exchange
  const { signal } = request
  const etag = `"${digest}"`
  const ifRange = request.headers['if-range']
  const wanted = ifRange === undefined || ifRange === etag ? request.headers['range'] : undefined
  const range = parseByteRange(request.method === 'GET' ? wanted : undefined, what.size)
  const headers = {
    'content-type': mediaType,
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag,
  }
  if (range === 'unsatisfiable') {
    const message = `the range is outside of the ${what.size} bytes`
    const contentRange = { 'content-range': `bytes */${what.size}` }
    throw new RequestRefusedError({ status: 416, specCode: 'SIZE_INVALID', message, headers: contentRange })
  }
  if (range === 'whole') {
    const body = request.method === 'HEAD' ? nothing() : storage.content.fetch(what, { signal })
    return { status: 200, headers: { ...headers, 'content-length': String(what.size) }, body }
  }
  const length = range.end - range.start + 1
  return {
    status: 206,
    headers: {
      ...headers,
      'content-length': String(length),
      'content-range': `bytes ${range.start}-${range.end}/${what.size}`,
    },
    body: first(storage.content.fetch(what, { signal, offset: range.start, verify: 'before' }), length),
  }
}

/** The blob of this digest, when the repository has it. @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 404 */
export async function requireBlob(exchange: RegistryExchange, repository: string, digest: Digest): Promise<Descriptor> {
  const { storage, request } = exchange
  const blob = await storage.blobs.find(repository, digest, request)
  if (blob === undefined || !(await storage.content.has(blob, request))) throw blobUnknown(digest)
  return blob
}

function blobUnknown(digest: Digest): RequestRefusedError {
  return new RequestRefusedError({
    status: 404,
    specCode: 'BLOB_UNKNOWN',
    message: 'blob unknown to registry',
    detail: { digest },
  })
}

/** The first `count` bytes of `source`, which is closed after them. */
async function* first(source: ByteStream, count: number): ByteStream {
  let left = count
  for await (const chunk of source) {
    yield chunk.byteLength <= left ? chunk : chunk.subarray(0, left)
    left -= chunk.byteLength
    if (left <= 0) return
  }
}

async function* nothing(): ByteStream {
  // A HEAD opens no content.
}
