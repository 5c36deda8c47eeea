import type { HttpResponse } from '@drayage/content'
import type { Digest } from '@drayage/digest'

import { RequestRefusedError } from './errors.ts'
import { type Exchange, requireDigest } from './exchange.ts'
import { isRepositoryName } from './names.ts'
import { blobCreated, commitBlob, receiveBody } from './receive-blob.ts'
import { emptyResponse } from './respond.ts'
import { newSessionId } from './session-id.ts'

/**
 * Answers POST of an upload: mounts a blob, takes a whole one, or begins a session.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing blobs", "Mounting a blob from another repository" (end-4a, end-4b, end-11)
 */
export async function startUpload(exchange: Exchange, repository: string): Promise<HttpResponse> {
  const { query, storage, request, now } = exchange
  const mount = query.get('mount')
  if (mount !== null) {
    const digest = requireDigest(mount)
    if (await mountBlob(exchange, repository, digest, query.get('from') ?? '')) return blobCreated(repository, digest)
  } else if (query.has('digest')) {
    return takeWhole(exchange, repository, requireDigest(query.get('digest')))
  }
  const id = newSessionId()
  await storage.uploads.open({ id, repository, startedAtMs: now() }, request)
  return emptyResponse(202, uploadHeaders(repository, id, 0))
}

/** The headers that tell where an upload stands. */
export function uploadHeaders(repository: string, id: string, offset: number): Record<string, string> {
  return {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, offset - 1)}`,
    'docker-upload-uuid': id,
  }
}

async function mountBlob(exchange: Exchange, repository: string, digest: Digest, from: string): Promise<boolean> {
  const { storage, request } = exchange
  if (!isRepositoryName(from)) return false
  const blob = await storage.blobs.find(from, digest, request)
  if (blob === undefined || !(await storage.content.has(blob, request))) return false
  await storage.blobs.link(repository, blob, request)
  return true
}

async function takeWhole(exchange: Exchange, repository: string, digest: Digest): Promise<HttpResponse> {
  const { storage, request } = exchange
  await using ingest = await storage.content.begin(newSessionId(), request)
  try {
    await receiveBody(exchange, ingest, request.signal, () => {
      const message = 'a whole blob starts at its first byte'
      return new RequestRefusedError({ status: 416, specCode: 'BLOB_UPLOAD_INVALID', message })
    })
    return await commitBlob(exchange, ingest, repository, digest)
  } catch (error) {
    // Nobody knows the key, so nobody could go on with these bytes.
    await ingest.reset().catch(() => {})
    throw error
  }
}
