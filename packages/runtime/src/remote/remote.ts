import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import { MAX_CONFIG_BYTES, NotAnImageError, pickImage } from '@drayage/distribution'
import { decodeImageConfig, type DecodedImageConfig, type DecodedManifest } from '@drayage/manifest'
import { familiarReference, type Reference, type Repository } from '@drayage/reference'
import type { RepositoryClient, RepositoryOptions } from '@drayage/registry'

import type { Runtime } from '../create-runtime.ts'

/** A repository in its registry, to look at without pulling; mirrors are asked too, unless the options say no. */
export function openRemote(runtime: Runtime, name: Repository, options?: RepositoryOptions): RepositoryClient {
  return runtime.registry.repository({ domain: name.domain, path: name.path }, options)
}

/** Options of {@link remoteManifest}. */
export interface RemoteManifestOptions extends AbortOptions {
  /** Whether an index is followed to the image for the runtime's platform; `false` by default. */
  readonly selectPlatform?: boolean
}

/**
 * The manifest or index that a reference stands for in its registry, verified.
 *
 * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function remoteManifest(
  runtime: Runtime,
  reference: Reference,
  options: RemoteManifestOptions = {},
): Promise<DecodedManifest> {
  const repository = openRemote(runtime, reference)
  const manifest = await repository.manifest(reference, options)
  if (options.selectPlatform !== true || manifest.kind !== 'index') return manifest
  const retry = { attempts: 1, stepMs: 0 }
  const picking = { platform: runtime.platform, name: familiarReference(reference), retry, onEvent: (): void => {} }
  const image = await pickImage(repository, manifest.descriptor, { ...picking, signal: options.signal })
  return await repository.manifest(image, options)
}

/**
 * The config of the image that a reference stands for in its registry, verified.
 *
 * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 */
export async function remoteConfig(
  runtime: Runtime,
  reference: Reference,
  options: AbortOptions = {},
): Promise<DecodedImageConfig> {
  const manifest = await remoteManifest(runtime, reference, { ...options, selectPlatform: true })
  if (manifest.kind !== 'image') throw new NotAnImageError(familiarReference(reference), manifest.descriptor.mediaType)
  const { config } = manifest.value
  const bytes = await readBlob(openRemote(runtime, reference), config, { maxBytes: MAX_CONFIG_BYTES, ...options })
  return decodeImageConfig(bytes, { digest: config.digest })
}
