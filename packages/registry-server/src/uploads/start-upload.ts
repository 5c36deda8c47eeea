import { quote } from '@drayage/bytes'
import { emptyResponse, type HttpResponse } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { RequestRefusedError, requireDigest } from '../handler/refusal.ts'
import { type RegistryExchange } from '../handler/exchange.ts'
import { isRepositoryPath } from '@drayage/reference'
import { blobCreated, commitBlob, receiveBody } from './receive-blob.ts'
import { newSessionId, uploadHeaders } from './upload-session.ts'

/**
 * Answers POST of an upload: mounts a blob, takes a whole one, or begins a session.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing blobs", "Mounting a blob from another repository" (end-4a, end-4b, end-11)
 */
export async function startUpload(exchange: RegistryExchange, repository: string): Promise<HttpResponse> {
  const { query, storage, request, now } = exchange
  const mount = query.get('mount')
  if (mount !== null) {
    const digest = requireDigest(mount)
    if (await mountBlob(exchange, repository, digest, query.get('from'))) return blobCreated(repository, digest)
  } else if (query.has('digest')) {
    return takeWhole(exchange, repository, requireDigest(query.get('digest')))
  }
  requireAlgorithm(query.get('digest-algorithm'))
  const id = newSessionId()
  await storage.uploads.open({ id, repository, startedAtMs: now() }, request)
  return emptyResponse(202, uploadHeaders(repository, id, 0))
}

/** The algorithm is only checked: the digest that ends an upload says it again. */
function requireAlgorithm(name: string | null): void {
  if (name === null || name === 'sha256' || name === 'sha512') return
  const message = `unsupported digest algorithm ${quote(name, 160)}, expected sha256 or sha512`
  throw new RequestRefusedError({ status: 400, specCode: 'DIGEST_INVALID', message })
}

async function mountBlob(
  exchange: RegistryExchange,
  repository: string,
  digest: Digest,
  from: string | null,
): Promise<boolean> {
  const { storage, request } = exchange
  const blob = await findSource(exchange, digest, from)
  if (blob === undefined || !(await storage.content.has(blob, request))) return false
  await storage.blobs.link(repository, blob, request)
  return true
}

/** The blob in the repository that a mount names or, where the registry looks for it, in any. */
async function findSource(
  { storage, request, limits, mountsFromAny }: RegistryExchange,
  digest: Digest,
  from: string | null,
): Promise<Descriptor | undefined> {
  if (from !== null) return isRepositoryPath(from) ? await storage.blobs.find(from, digest, request) : undefined
  const { signal } = request
  let after: string | undefined
  while (mountsFromAny) {
    const names = await storage.names.repositories({ limit: limits.maxPageEntries, after, signal })
    for (const name of names) {
      const blob = await storage.blobs.find(name, digest, { signal })
      if (blob !== undefined) return blob
    }
    after = names.at(-1)
    if (after === undefined) break
  }
  return undefined
}

async function takeWhole(exchange: RegistryExchange, repository: string, digest: Digest): Promise<HttpResponse> {
  const { storage, request } = exchange
  await using ingest = await storage.content.begin(newSessionId(), request)
  try {
    await receiveBody(exchange, ingest, request.signal, () => {
      const message = 'a whole blob starts at its first byte'
      return new RequestRefusedError({ status: 416, specCode: 'BLOB_UPLOAD_INVALID', message })
    })
    return await commitBlob(exchange, ingest, repository, digest)
  } catch (error) {
    // No client knows the key, so none could continue with these bytes.
    await ingest.reset().catch(() => {})
    throw error
  }
}
