import { collect, fromBytes, isBytesError, quote } from '@drayage/bytes'
import { emptyResponse, type HttpResponse } from '@drayage/content'
import { type Digest, isDigestError } from '@drayage/digest'
import {
  children,
  type DecodedManifest,
  decodeManifest,
  isForeignLayerType,
  isManifestError,
  isManifestType,
  isVagueType,
} from '@drayage/manifest'

import { RequestRefusedError } from '../handler/refusal.ts'
import type { RegistryExchange } from '../handler/exchange.ts'
import { linkManifest, storeManifest } from './signed-form.ts'
import { noteReferrer } from './subject.ts'
import { requireNames } from './wanted-names.ts'

/**
 * Answers PUT of a manifest: by tag, or by digest with any number of tags as parameters. A tag may have its digest as a
 * parameter. Signed schema 1 has the digest of its payload. What the manifest refers to must be in the repository, except its subject, layers that are fetched from
 * elsewhere, and, where the registry takes sparse manifests, everything.
 *
 * @see OCI distribution-spec v1.1.1, "Pushing Manifests" (end-7), and of the version after it `tag` (end-7b)
 */
export async function putManifest(
  exchange: RegistryExchange,
  repository: string,
  reference: string,
): Promise<HttpResponse> {
  const { storage, request } = exchange
  const names = requireNames(reference, exchange.query)
  const manifest = decode(exchange, await readManifest(exchange), names.digest)
  if (!exchange.sparse) await requireChildren(exchange, repository, manifest)
  const { digest } = manifest.descriptor
  await storeManifest(storage, manifest, request)
  // A delete in between would leave a tag without its manifest.
  const subject = await exchange.repositories.share(repository, async () => {
    const noted = await noteReferrer(exchange, repository, manifest)
    await linkManifest(storage, repository, manifest, request)
    // Now that the manifest holds them they stay: a sweep may have come before.
    if (!exchange.sparse) await requireChildren(exchange, repository, manifest, { isLinked: true })
    for (const tag of names.tags) await storage.tags.set(repository, tag, digest, request)
    return noted
  })
  return emptyResponse(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(subject === undefined ? {} : { 'oci-subject': subject }),
    ...(names.parameters.length === 0 ? {} : { 'oci-tag': names.parameters.join(', ') }),
  })
}

async function readManifest(exchange: RegistryExchange): Promise<Uint8Array> {
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

function decode(exchange: RegistryExchange, bytes: Uint8Array, digest: Digest | undefined): DecodedManifest {
  const header = exchange.request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  // What says nothing about the manifest is as good as no type.
  const mediaType = isVagueType(header) ? undefined : header
  if (mediaType !== undefined && !isManifestType(mediaType)) {
    throw invalid(`media type ${quote(mediaType, 160)} is not that of a manifest`)
  }
  try {
    const manifest = decodeManifest(bytes, { mediaType, digest })
    if (manifest.kind === 'schema1' && !exchange.schema1) throw invalid('manifests of schema 1 are not taken here')
    return manifest
  } catch (error) {
    if (isDigestError(error)) {
      const message = 'the manifest has another digest than the one it is put by'
      const refusal = { status: 400, specCode: 'DIGEST_INVALID', message, detail: { digest } } as const
      throw new RequestRefusedError(refusal, { cause: error })
    }
    if (!isManifestError(error)) throw error
    throw invalid(error.message.slice(0, 1024), error)
  }
}

function invalid(message: string, cause?: unknown): RequestRefusedError {
  return new RequestRefusedError({ status: 400, specCode: 'MANIFEST_INVALID', message }, { cause })
}

async function requireChildren(
  exchange: RegistryExchange,
  repository: string,
  manifest: DecodedManifest,
  { isLinked = false } = {},
): Promise<void> {
  const { storage, request } = exchange
  for (const digest of neededDigests(manifest)) {
    const links = manifest.kind === 'index' ? [storage.manifests, storage.blobs] : [storage.blobs]
    let isThere = false
    for (const kind of links) isThere ||= (await kind.find(repository, digest, request)) !== undefined
    if (isThere) continue
    if (isLinked) await storage.manifests.unlink(repository, manifest.descriptor.digest, request)
    const message = 'manifest references a manifest or blob unknown to registry'
    throw new RequestRefusedError({ status: 400, specCode: 'MANIFEST_BLOB_UNKNOWN', message, detail: { digest } })
  }
}

/** What has to be in the repository: not what is fetched from elsewhere. */
function neededDigests(manifest: DecodedManifest): ReadonlySet<Digest> {
  if (manifest.kind === 'schema1') return new Set(manifest.value.fsLayers.map(({ blobSum }) => blobSum))
  const here = children(manifest).filter(
    ({ mediaType, urls = [] }) => !isForeignLayerType(mediaType) && urls.length === 0,
  )
  return new Set(here.map(({ digest }) => digest))
}
