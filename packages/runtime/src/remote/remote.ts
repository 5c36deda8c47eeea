import { readBlob } from '@drayage/content'
import {
  DEFAULT_RETRY_POLICY,
  forQuestions,
  holdManifests,
  MAX_CONFIG_BYTES,
  NotAnImageError,
  pickImage,
} from '@drayage/distribution'
import { decodeImageConfig, type DecodedImageConfig, type DecodedManifest, type Descriptor } from '@drayage/manifest'
import { familiarReference, type Reference, type Repository } from '@drayage/reference'
import type { RepositoryClient, RepositoryOptions } from '@drayage/registry'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { askAgain, type AskOptions } from './ask-again.ts'

/** A repository in its registry, to look at without pulling; mirrors are asked too, unless the options say no. */
export function openRemote(
  runtime: RegistryAccess & TransferSettings,
  name: Repository,
  options?: RepositoryOptions,
): RepositoryClient {
  return runtime.registry.repository({ domain: name.domain, path: name.path }, options)
}

/**
 * What a reference stands for in its registry.
 *
 * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
 */
export async function resolveRemote(
  runtime: RegistryAccess & TransferSettings,
  reference: Reference,
  options: AskOptions = {},
): Promise<Descriptor> {
  const remote = openRemote(runtime, reference)
  const { signal } = options
  return await askAgain(runtime, nameOf(reference), () => remote.resolve(reference, { signal }), options)
}

/** Options of {@link remoteManifest}. */
export interface RemoteManifestOptions extends AskOptions {
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
  runtime: RegistryAccess & TransferSettings,
  reference: Reference,
  { selectPlatform = false, ...options }: RemoteManifestOptions = {},
): Promise<DecodedManifest> {
  const { signal, onEvent = (): void => {} } = options
  const { platform, retry = DEFAULT_RETRY_POLICY } = runtime
  const remote = openRemote(runtime, reference)
  const manifest = await askAgain(runtime, nameOf(reference), () => remote.manifest(reference, { signal }), options)
  if (!selectPlatform || manifest.kind !== 'index') return manifest
  const { descriptor, bytes } = manifest
  // What came by its tag is not asked for by its digest, which some registries do not know.
  const source = holdManifests(remote, new Map([[descriptor.digest, bytes]]))
  const name = familiarReference(reference)
  const picking = { platform, name, retry: forQuestions(retry), onEvent, signal }
  const image = await pickImage(source, descriptor, picking)
  return await askAgain(runtime, nameOf(reference), () => remote.manifest(image, { signal }), options)
}

/**
 * The config of the image that a reference stands for in its registry, verified.
 *
 * @throws NameNotFoundError `ERR_NAME_NOT_FOUND`
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE`
 */
export async function remoteConfig(
  runtime: RegistryAccess & TransferSettings,
  reference: Reference,
  options: AskOptions = {},
): Promise<DecodedImageConfig> {
  const manifest = await remoteManifest(runtime, reference, { ...options, selectPlatform: true })
  return await remoteConfigOf(runtime, reference, manifest, options)
}

/** The config of an image whose manifest is known. @throws NotAnImageError `ERR_NOT_AN_IMAGE` */
export async function remoteConfigOf(
  runtime: RegistryAccess & TransferSettings,
  reference: Reference,
  manifest: DecodedManifest,
  options: AskOptions = {},
): Promise<DecodedImageConfig> {
  if (manifest.kind !== 'image') throw new NotAnImageError(familiarReference(reference), manifest.descriptor.mediaType)
  const { config } = manifest.value
  const remote = openRemote(runtime, reference)
  const read = (): Promise<Uint8Array> =>
    readBlob(remote, config, { maxBytes: MAX_CONFIG_BYTES, signal: options.signal })
  const bytes = await askAgain(runtime, `image config ${config.digest}`, read, options)
  return decodeImageConfig(bytes, { digest: config.digest })
}

function nameOf(reference: Reference): string {
  return `"${familiarReference(reference)}"`
}
