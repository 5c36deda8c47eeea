import type { AbortOptions } from '@drayage/bytes'
import { bytesOnce, findStored, imageManifests, type ImageInspection, type Runtime } from '@drayage/runtime'

import { UNKNOWN_TIME } from './inspected-image.ts'

/**
 * What is known of an artifact, or of an index none of whose images is here; `undefined` where a part of an image is here, so
 * that there is something to say about what is missing.
 */
export async function bareInspection(
  runtime: Runtime,
  name: string,
  options: AbortOptions,
): Promise<ImageInspection | undefined> {
  const store = await runtime.openStore()
  const { image, stored } = await findStored(runtime, store, name, options)
  const manifests = await imageManifests(store, stored.target, options)
  if (manifests.some(({ kind, content }) => kind === 'image' && content.length > 0)) return undefined
  const times = image.stored.flatMap(({ names }) => names.map(({ namedAtMs }) => namedAtMs))
  const { mediaType, digest, size } = stored.target
  return {
    Id: image.id,
    RepoTags: image.repoTags,
    RepoDigests: image.repoDigests,
    ...{ Parent: '', Comment: '', Created: UNKNOWN_TIME, DockerVersion: '', Author: '', Architecture: '', Os: '' },
    Config: null,
    Size: bytesOnce(manifests.flatMap(({ content }) => content)),
    RootFS: { Type: '', Layers: [] },
    Metadata: { LastTagTime: times.length === 0 ? UNKNOWN_TIME : new Date(Math.max(...times)).toISOString() },
    Descriptor: { mediaType, digest, size },
  }
}
