import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import type { ImageRecord } from '@drayage/image-store'
import { children, decodeManifest, manifestKind, type Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { LocalStore } from '../store/local-store.ts'

/** Indexes within indexes that are followed. */
const MAX_DEPTH = 8

/**
 * The manifest of an image that a name of it leads to. Images are told apart by their configs, so that one image may have
 * come with several manifests, such as with layers in gzip and in zstd: what goes out under a name is what came in under it.
 */
export async function manifestOfName(
  store: LocalStore,
  name: Reference,
  image: ImageRecord,
  options: AbortOptions,
): Promise<Descriptor> {
  const { content, images } = store
  const search = async (what: Descriptor, depth: number): Promise<Descriptor | undefined> => {
    if ((await images.findImage(what, options)) === image.id) return what
    const isIndex = manifestKind(what.mediaType) === 'index'
    if (!isIndex || depth > MAX_DEPTH || !(await content.has(what, options))) return undefined
    for (const child of children(decodeManifest(await readBlob(content, what, options), what))) {
      const found = await search(child, depth + 1)
      if (found !== undefined) return found
    }
    return undefined
  }
  return (await search(await images.resolve(name, options), 0)) ?? image.manifest
}
