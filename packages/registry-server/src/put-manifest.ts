import { collect, fromBytes, isBytesError } from '@drayage/bytes'
import { type HttpResponse, writeBlob } from '@drayage/content'
import { digestAlgorithm, digestOf, isDigestError } from '@drayage/digest'
import {
  children,
  type DecodedManifest,
  decodeManifest,
  type Descriptor,
  isManifestError,
  isManifestType,
} from '@drayage/manifest'

import { RequestRefusedError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { type ManifestName, parseManifestName } from './manifests.ts'
import { emptyResponse } from './respond.ts'
import { noteReferrer } from './subject.ts'

/**
 * Answers PUT of a manifest. What it refers to must be in the repository, except its subject.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests" (end-7)
 */
export async function putManifest(exchange: Exchange, repository: string, reference: string): Promise<HttpResponse> {
  const { storage, request } = exchange
  const name = requireName(reference)
  const bytes = await readManifest(exchange)
  const manifest = decode(exchange, bytes, name)
  await requireChildren(exchange, repository, manifest)

  // By a digest of another algorithm the manifest is stored under that digest.
  const digest = name.kind === 'digest' ? name.digest : manifest.descriptor.digest
  const what: Descriptor = { mediaType: manifest.descriptor.mediaType, digest, size: bytes.byteLength }
  await writeBlob(storage.content, what, bytes, request)
  // A delete in between would leave a tag without its manifest.
  const subject = await exchange.repositories.share(repository, async () => {
    const noted = await noteReferrer(exchange, repository, { manifest, digest })
    await storage.manifests.link(repository, what, request)
    if (name.kind === 'tag') await storage.tags.set(repository, name.tag, digest, request)
    return noted
  })
  return emptyResponse(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(subject === undefined ? {} : { 'oci-subject': subject }),
  })
}

function requireName(reference: string): ManifestName {
  const name = parseManifestName(reference)
  if (name !== undefined) return name
  const message = `invalid tag ${JSON.stringify(reference.slice(0, 160))}`
  throw new RequestRefusedError({ status: 400, specCode: 'TAG_INVALID', message })
}

async function readManifest(exchange: Exchange): Promise<Uint8Array> {
  const { request, limits } = exchange
  const maxBytes = limits.maxManifestBytes
  const tooLarge = (cause?: unknown): RequestRefusedError =>
    new RequestRefusedError(
      { status: 413, specCode: 'MANIFEST_INVALID', message: `the manifest is larger than ${maxBytes} bytes` },
      { cause },
    )
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge()
  try {
    return await collect(request.body ?? fromBytes(), { maxBytes, signal: request.signal })
  } catch (error) {
    if (isBytesError(error)) throw tooLarge(error)
    throw error
  }
}

function decode(exchange: Exchange, bytes: Uint8Array, name: ManifestName): DecodedManifest {
  const mediaType = exchange.request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (name.kind === 'digest' && digestOf(bytes, digestAlgorithm(name.digest)) !== name.digest) {
    const message = 'the manifest has another digest than its path'
    throw new RequestRefusedError({ status: 400, specCode: 'DIGEST_INVALID', message, detail: { digest: name.digest } })
  }
  if (mediaType !== '' && !isManifestType(mediaType)) {
    const message = `found media type ${JSON.stringify(mediaType.slice(0, 160))}, expected that of a manifest`
    throw new RequestRefusedError({ status: 400, specCode: 'MANIFEST_INVALID', message })
  }
  try {
    return decodeManifest(bytes, mediaType === '' ? {} : { mediaType })
  } catch (error) {
    if (!isManifestError(error) && !isDigestError(error)) throw error
    throw new RequestRefusedError(
      { status: 400, specCode: 'MANIFEST_INVALID', message: error.message.slice(0, 1024) },
      { cause: error },
    )
  }
}

async function requireChildren(exchange: Exchange, repository: string, manifest: DecodedManifest): Promise<void> {
  const { storage, request } = exchange
  for (const child of children(manifest)) {
    const links = manifest.kind === 'index' ? [storage.manifests, storage.blobs] : [storage.blobs]
    let isThere = false
    for (const kind of links) isThere ||= (await kind.find(repository, child.digest, request)) !== undefined
    if (isThere) continue
    const message = 'manifest references a manifest or blob unknown to registry'
    const detail = { digest: child.digest }
    throw new RequestRefusedError({ status: 400, specCode: 'MANIFEST_BLOB_UNKNOWN', message, detail })
  }
}
