import type { AbortOptions } from '@drayage/bytes'
import { writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { type DecodedManifest, type Descriptor, MEDIA_TYPES, signedBytesOf, withSignedBytes } from '@drayage/manifest'

import type { RegistryStorage } from '../storage/storage.ts'

/** The bytes with the signatures; `undefined` for a manifest whose digest is that of its bytes. */
function signedForm(manifest: DecodedManifest): Descriptor | undefined {
  if (manifest.kind !== 'schema1' || manifest.received === manifest.bytes) return undefined
  const { received } = manifest
  return { mediaType: MEDIA_TYPES.schema1Signed, digest: digestOf(received), size: received.byteLength }
}

/**
 * Stores the bytes of a manifest. Those of signed schema 1 are stored twice: with the signatures, as they are served, and
 * the payload, which has the digest that the manifest is known by.
 */
export async function storeManifest(
  { content }: Pick<RegistryStorage, 'content'>,
  manifest: DecodedManifest,
  options: AbortOptions,
): Promise<void> {
  const signed = signedForm(manifest)
  if (manifest.kind === 'schema1' && signed !== undefined) {
    await writeBlob(content, signed, manifest.received, options)
  }
  await writeBlob(content, manifest.descriptor, manifest.bytes, options)
}

/** Makes a stored manifest visible in the repository. */
export async function linkManifest(
  { manifests }: Pick<RegistryStorage, 'manifests'>,
  repository: string,
  manifest: DecodedManifest,
  options: AbortOptions,
): Promise<void> {
  const signed = signedForm(manifest)
  const { descriptor } = manifest
  if (manifest.kind !== 'schema1' || signed === undefined) return await manifests.link(repository, descriptor, options)
  await manifests.link(repository, signed, options)
  await manifests.link(repository, withSignedBytes(descriptor, manifest.received), options)
}

/**
 * The bytes that a manifest is served with, where it has another digest itself: signed schema 1 is known by the digest of
 * its payload. A storage keeps these bytes as long as it keeps the manifest.
 *
 * @param manifest as it was linked
 */
export function servedBytes(manifest: Descriptor): Descriptor | undefined {
  const signed = signedBytesOf(manifest)
  return signed === undefined ? undefined : { ...signed, mediaType: MEDIA_TYPES.schema1Signed }
}
