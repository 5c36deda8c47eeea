import type { AbortOptions } from '@drayage/bytes'
import { type Checker, DEFAULT_MAX_WALK_DEPTH, type Fetcher, isContentError, readBlob } from '@drayage/content'
import { isDigestError, type Digest } from '@drayage/digest'
import {
  children,
  decodeManifest,
  isManifestError,
  manifestKind,
  type DecodedManifest,
  type Descriptor,
} from '@drayage/manifest'

import type { PlatformImage } from '../stored-image.ts'
import type { ContentRow } from '../tables.ts'

/** An image of the first model: known by its config, with all the manifests that it was put with. */
export interface FirstImage {
  /** As it was put last. */
  readonly image: PlatformImage
  readonly manifests: readonly Descriptor[]
  readonly addedAtMs: number
}

/** Tells what the content of images of the first model is today. */
export interface FirstContent {
  /** What of a target was the image that its name selected, and the indexes on the way to it. */
  rowsOf(first: FirstImage, target: Descriptor): Promise<ContentRow[]>
  /** An image with one of its manifests; `undefined` unless that is whole. */
  imageRow(first: FirstImage, manifest: Descriptor): Promise<ContentRow | undefined>
}

/** An index, and what was found in it. */
interface FoundIn {
  readonly manifests: readonly Descriptor[]
  readonly indexes: readonly Descriptor[]
}

const NOTHING: FoundIn = { manifests: [], indexes: [] }

/** Reads manifests in `content`. */
export function createFirstContent(content: Fetcher & Checker, { signal }: AbortOptions): FirstContent {
  const read = async (what: Descriptor): Promise<DecodedManifest | undefined> => {
    try {
      return decodeManifest(await readBlob(content, what, { signal }), what)
    } catch (error) {
      if (isContentError(error) || isDigestError(error) || isManifestError(error)) return undefined
      throw error
    }
  }

  const findIn = async (target: Descriptor, wanted: ReadonlySet<Digest>, depth = 0): Promise<FoundIn> => {
    if (wanted.has(target.digest)) return { manifests: [target], indexes: [] }
    if (manifestKind(target.mediaType) !== 'index' || depth > DEFAULT_MAX_WALK_DEPTH) return NOTHING
    const index = await read(target)
    const found: FoundIn[] = []
    for (const child of index === undefined ? [] : children(index)) found.push(await findIn(child, wanted, depth + 1))
    const manifests = found.flatMap((each) => each.manifests)
    return manifests.length === 0 ? NOTHING : { manifests, indexes: [target, ...found.flatMap((each) => each.indexes)] }
  }

  const imageRow: FirstContent['imageRow'] = async ({ image }, manifest) => {
    if (manifest.digest === image.manifest.digest) return { kind: 'image', image }
    const decoded = await read(manifest)
    if (decoded?.kind !== 'image' || decoded.value.config.digest !== image.config.digest) return undefined
    const { layers, config } = decoded.value
    for (const layer of layers) if (!(await content.has(layer, { signal }))) return undefined
    const size = layers.reduce((sum, layer) => sum + layer.size, 0)
    return { kind: 'image', image: { ...image, manifest, config, layers, size } }
  }

  return {
    imageRow,
    async rowsOf(first, target) {
      const own = new Map<Digest, Descriptor>(first.manifests.map((each) => [each.digest, each]))
      const { manifests, indexes } = await findIn(target, new Set(own.keys()))
      const rows: ContentRow[] = []
      for (const { digest } of manifests) {
        const row = await imageRow(first, own.get(digest) ?? target)
        if (row !== undefined) rows.push(row)
      }
      if (rows.length === 0) return [{ kind: 'image', image: first.image }]
      const between = indexes.filter(({ digest }) => digest !== target.digest)
      return [...rows, ...between.map((manifest): ContentRow => ({ kind: 'other', other: { manifest, parts: [] } }))]
    },
  }
}
