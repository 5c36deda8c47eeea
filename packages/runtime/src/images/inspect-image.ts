import { readBlob } from '@drayage/content'
import { DEFAULT_RETRY_POLICY, MAX_CONFIG_BYTES, NotAnImageError, selectCopy } from '@drayage/distribution'
import { builtAt, NO_TIME } from '@drayage/image-store'
import {
  decodeImageConfig,
  decodeManifest,
  requireImageConfig,
  type ContainerConfig,
  type Descriptor,
  type ImageConfig,
  type Platform,
  type RootFs,
} from '@drayage/manifest'
import { familiarReference, withDigest, withoutTag } from '@drayage/reference'

import { readStoredConfig } from '../check/read-stored-config.ts'
import { openSource } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { isPlace, parseSource } from '../places/transports.ts'
import { askAgain, type AskOptions } from '../remote/ask-again.ts'
import { findStoredImage, type FoundImage } from './find-stored-image.ts'
import { uncompressedSize } from './image-facts.ts'
import { bytesOnce } from './image-manifests.ts'
import type { ImageView, ShownImage } from './shown-image.ts'

/** An image with the field names of Docker's Engine API (`GET /images/{name}/json`). */
export interface ImageInspection {
  readonly Id: string
  readonly RepoTags: readonly string[]
  readonly RepoDigests: readonly string[]
  readonly Parent: string
  readonly Comment: string
  readonly Created: string
  readonly DockerVersion: string
  readonly Author: string
  /** As in the image, with the members that Docker always shows; `null` for an image without one. */
  readonly Config: InspectedConfig | null
  readonly Architecture: string
  readonly Variant?: string
  readonly Os: string
  readonly OsVersion?: string
  /**
   * Bytes of the uncompressed layers in the store, or of the content where IDs are those of targets; in another place, of the
   * layers as they are kept there.
   */
  readonly Size: number
  readonly RootFS: { readonly Type: string; readonly Layers: readonly string[] }
  /** When the last of its names was given; the year 1 when it has none. */
  readonly Metadata: { readonly LastTagTime: string }
  /** What its names stand for, whose digest never changes; with a platform the manifest of its image, with that. */
  readonly Descriptor: Pick<Descriptor, 'mediaType' | 'digest' | 'size' | 'platform'>
}

/** What containers of an image start with, where `null` stands for a member that the image does not set. */
export type InspectedConfig = {
  readonly [Member in keyof ContainerConfig]: ContainerConfig[Member] | null
}

/** What Docker shows of members that an image does not set. */
const UNSET = {
  User: '',
  Env: null,
  Cmd: null,
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: null,
} satisfies Readonly<Record<string, '' | null>>

const NO_ROOT_FS: RootFs = { type: 'layers', diff_ids: [] }

/** Options of {@link inspectImage}. */
export interface InspectImageOptions extends AskOptions {
  /** Which image of several is meant; that of the runtime's platform, else the first one, by default. */
  readonly platform?: Platform | undefined
}

/**
 * An image in Docker's shape: one of the local store, or of any place.
 *
 * @param name a reference, an ID or the start of one, for an image of the store; a place with its prefix, such as
 * `oci:DIR:TAG` or `docker://alpine:3`, whose `Size` is that of the layers as they are kept there
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 * @throws ImageDamagedError `ERR_IMAGE_DAMAGED` where its config is lost or is no longer what came
 * @throws NotAnImageError `ERR_NOT_AN_IMAGE` for a name of something else
 * @throws PlatformNotFoundError `ERR_PLATFORM_NOT_FOUND`
 */
export async function inspectImage(
  runtime: Runtime,
  name: string,
  options: InspectImageOptions = {},
): Promise<ImageInspection> {
  if (isPlace(runtime, name)) return await inspectPlace(runtime, name, options)
  const store = await runtime.openStore()
  const found = await findStoredImage(runtime, store, name, options)
  const { image, platform } = found
  const { value } = await readStoredConfig(store, found, options)
  const times = image.stored.flatMap(({ names }) => names.map(({ namedAtMs }) => namedAtMs))
  return inspection({ ...image, ...describedAs(runtime, found, options) }, value, {
    size:
      runtime.imageId === 'target'
        ? bytesOnce([platform.manifest, platform.config, ...platform.layers])
        : await uncompressedSize(store, value.rootfs?.diff_ids ?? []),
    lastTagTime: times.length === 0 ? NO_TIME : new Date(Math.max(...times)).toISOString(),
  })
}

/** What the ID and the descriptor are of: the whole, or the image of the platform that was asked for. */
function describedAs(
  { imageId }: ImageView,
  { stored, platform: { config, manifest, platform } }: FoundImage,
  options: InspectImageOptions,
): Pick<Described, 'id' | 'manifest'> {
  const isOne = options.platform !== undefined
  const described = isOne ? { ...manifest, platform: manifest.platform ?? platform } : stored.target
  return { id: imageId === 'config' ? config.digest : described.digest, manifest: described }
}

/** An image of any place, which is chosen by the platform of the runtime. */
async function inspectPlace(runtime: Runtime, text: string, options: InspectImageOptions): Promise<ImageInspection> {
  const { signal, onEvent = (): void => {} } = options
  await using source = await openSource(parseSource(runtime, text), { signal })
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const { platform = runtime.platform } = options
  const reading = { signal, retry, onEvent }
  const { root, source: content } = await selectCopy(source.content, source.from, {
    ...reading,
    platform,
    name: source.label,
  })
  const decoded = decodeManifest(await readBlob(content, root, { signal }), root)
  if (decoded.kind !== 'image') throw new NotAnImageError(source.label, root.mediaType)
  requireImageConfig(decoded.value)
  const { config, layers } = decoded.value
  const read = (): Promise<Uint8Array> => readBlob(content, config, { maxBytes: MAX_CONFIG_BYTES, signal })
  const bytes = await askAgain(runtime, `image config ${config.digest}`, read, options)
  const { value } = decodeImageConfig(bytes, { digest: config.digest, anyCase: source.isRemote !== true })
  const { repository } = source
  const digests = repository === undefined ? [] : [withDigest(withoutTag(repository), decoded.descriptor.digest)]
  const image = {
    id: config.digest,
    manifest: root,
    repoTags: source.names.map(familiarReference),
    repoDigests: digests.map(familiarReference),
  }
  return inspection(image, value, { size: layers.reduce((sum, layer) => sum + layer.size, 0), lastTagTime: NO_TIME })
}

interface Described extends Pick<ShownImage, 'id' | 'repoTags' | 'repoDigests'> {
  readonly manifest: Descriptor
}

function inspection(
  image: Described,
  value: ImageConfig,
  { size: bytes, lastTagTime: named }: { readonly size: number; readonly lastTagTime: string },
): ImageInspection {
  const rootFs = value.rootfs ?? NO_ROOT_FS
  const version: unknown = Reflect.get(value, 'docker_version')
  const comment: unknown = Reflect.get(value, 'comment')
  const { mediaType, digest, size, platform } = image.manifest
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: typeof comment === 'string' && comment !== '' ? comment : (value.history?.at(-1)?.comment ?? ''),
    Created: builtAt(value.created),
    DockerVersion: typeof version === 'string' ? version : '',
    Author: value.author ?? '',
    Config: value.config === undefined ? null : { ...UNSET, ...value.config },
    Architecture: value.architecture ?? '',
    ...(value.variant === undefined ? {} : { Variant: value.variant }),
    Os: value.os ?? '',
    ...(value['os.version'] === undefined ? {} : { OsVersion: value['os.version'] }),
    Size: bytes,
    RootFS: { Type: rootFs.type, Layers: rootFs.diff_ids },
    Metadata: { LastTagTime: named },
    Descriptor: { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) },
  }
}
