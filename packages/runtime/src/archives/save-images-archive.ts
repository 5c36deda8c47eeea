import {
  createDockerArchiveWriter,
  namedRoots,
  writeDockerOciArchive,
  writeOciArchive,
  type ArchiveLayer,
  type ArchiveOutput,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { chainIds, type ChainId } from '@drayage/digest'
import { LayerNotFoundError } from '@drayage/layer-store'
import { familiarReference } from '@drayage/reference'

import type { LocalStore } from '../store/local-store.ts'
import type { SavedImage } from './save-images-select.ts'

/** Writes images as a docker-archive with uncompressed layers. */
export async function saveDockerArchive(
  store: LocalStore,
  images: readonly SavedImage[],
  output: ArchiveOutput,
  { signal }: AbortOptions,
): Promise<void> {
  await using writer = createDockerArchiveWriter(output)
  for (const { image, names } of images) {
    const { bytes, value } = await store.images.readConfig(image, { signal })
    const layers = await Promise.all(chainIds(value.rootfs?.diff_ids ?? []).map((id) => archiveLayer(store, id)))
    await writer.add({ config: bytes, repoTags: names.map(familiarReference), layers }, { signal })
  }
  await writer.finish({ signal })
}

/** Writes images as they came, with the files that readers of docker-archives look for. */
export async function saveDockerOciArchive(
  store: LocalStore,
  images: readonly SavedImage[],
  output: ArchiveOutput,
  { signal }: AbortOptions,
): Promise<void> {
  const archived = images.map(({ image, manifest, names, what }) => ({
    what,
    manifest,
    repoTags: names.map(familiarReference),
    async tar(_: unknown, position: number): Promise<ArchiveLayer> {
      const { value } = await store.images.readConfig(image, { signal })
      const chainId = chainIds(value.rootfs?.diff_ids ?? [])[position]
      if (chainId === undefined) throw new RangeError(`Cannot read layer ${position} of ${image.id}: found none`)
      return await archiveLayer(store, chainId)
    },
  }))
  await writeDockerOciArchive(output, store.content, archived, { signal })
}

/** Writes images as they came. */
export async function saveOciArchive(
  store: LocalStore,
  images: readonly SavedImage[],
  output: ArchiveOutput,
  { signal }: AbortOptions,
): Promise<void> {
  await writeOciArchive(output, store.content, namedRoots(images), { signal })
}

async function archiveLayer(store: LocalStore, chainId: ChainId): Promise<ArchiveLayer> {
  const record = await store.layers.get(chainId)
  if (record === undefined) throw new LayerNotFoundError(chainId)
  const { diffId, size } = record
  return { diffId, size, isVerified: true, open: (options) => store.layers.openTar(chainId, options) }
}
