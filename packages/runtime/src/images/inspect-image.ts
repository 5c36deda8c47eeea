import type { AbortOptions } from '@drayage/bytes'
import type { ImageRecord } from '@drayage/image-store'
import type { ContainerConfig, RootFs } from '@drayage/manifest'

import type { Runtime } from '../create-runtime.ts'
import type { LocalStore } from '../store/local-store.ts'
import { uncompressedSize } from './uncompressed-size.ts'

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
  /** Bytes of the uncompressed layers. */
  readonly Size: number
  readonly RootFS: { readonly Type: string; readonly Layers: readonly string[] }
  /** When the last of its names was given; the year 1 when it has none. */
  readonly Metadata: { readonly LastTagTime: string }
  /** What was pulled: the manifest's identity, which never changes. */
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number }
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

/** The time that Go has for none. */
const NO_TIME = '0001-01-01T00:00:00Z'

const NO_ROOT_FS: RootFs = { type: 'layers', diff_ids: [] }

/**
 * An image of the local store in Docker's shape.
 *
 * @param name a reference, an ID or the start of one
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`
 * @throws AmbiguousImageError `ERR_IMAGE_AMBIGUOUS`
 */
export async function inspectImage(
  runtime: Runtime,
  name: string,
  options: AbortOptions = {},
): Promise<ImageInspection> {
  const store = await runtime.openStore()
  const image = await store.images.find(name, options)
  const { value } = await store.images.readConfig(image, options)
  const rootFs = value.rootfs ?? NO_ROOT_FS
  const version: unknown = Reflect.get(value, 'docker_version')
  const comment: unknown = Reflect.get(value, 'comment')
  const { mediaType, digest, size } = image.manifest
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    Parent: '',
    Comment: typeof comment === 'string' && comment !== '' ? comment : (value.history?.at(-1)?.comment ?? ''),
    Created: value.created ?? '',
    DockerVersion: typeof version === 'string' ? version : '',
    Author: value.author ?? '',
    Config: value.config === undefined ? null : { ...UNSET, ...value.config },
    Architecture: value.architecture ?? '',
    ...(value.variant === undefined ? {} : { Variant: value.variant }),
    Os: value.os ?? '',
    ...(value['os.version'] === undefined ? {} : { OsVersion: value['os.version'] }),
    Size: await uncompressedSize(store, rootFs.diff_ids),
    RootFS: { Type: rootFs.type, Layers: rootFs.diff_ids },
    Metadata: { LastTagTime: await lastTagTime(store, image, options) },
    Descriptor: { mediaType, digest, size },
  }
}

async function lastTagTime(store: LocalStore, { id }: ImageRecord, options: AbortOptions): Promise<string> {
  const names = await store.images.listNames(options)
  const times = names.filter((record) => record.image === id).map(({ namedAtMs }) => namedAtMs)
  return times.length === 0 ? NO_TIME : new Date(Math.max(...times)).toISOString()
}
