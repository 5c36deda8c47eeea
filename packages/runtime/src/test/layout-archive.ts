import { buildTar, type TestFile, type TestImage, type TestIndex } from '@drayage/testkit'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'

/** An entry of the layout in an archive. */
export interface LayoutEntry {
  readonly what: Descriptor
  /** In full, with a tag. */
  readonly name?: string | undefined
  readonly annotations?: Readonly<Record<string, string>>
}

/** What an archive of a layout holds. */
export interface LayoutArchiveParts {
  readonly entries: readonly LayoutEntry[]
  readonly blobs: ReadonlyMap<string, Uint8Array>
  /** What `manifest.json` lists, as Docker Engine writes it beside the layout; no such file by default. */
  readonly listed?: readonly { readonly image: TestImage; readonly names: readonly string[] }[]
}

/** The files of a layout, in the order in which Docker Engine writes them. */
export function layoutFiles({ entries, blobs, listed }: LayoutArchiveParts): TestFile[] {
  const manifests = entries.map(({ what: { mediaType, digest, size }, name, annotations }) => ({
    ...{ mediaType, digest, size },
    annotations: { ...annotations, ...(name !== undefined && { 'io.containerd.image.name': name }) },
  }))
  const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
  const items = listed?.map(({ image, names }) => ({
    Config: blob(image.config.digest),
    RepoTags: names.length === 0 ? null : names,
    Layers: image.layers.map(({ descriptor }) => blob(descriptor.digest)),
  }))
  return [
    ...[...blobs].map(([digest, content]) => ({ path: blob(digest), content })),
    {
      path: 'index.json',
      content: JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }),
    },
    ...(items === undefined ? [] : [{ path: 'manifest.json', content: JSON.stringify(items) }]),
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
  ]
}

/** {@link layoutFiles} as a tar. */
export async function layoutArchive(parts: LayoutArchiveParts): Promise<Uint8Array> {
  return await buildTar(layoutFiles(parts))
}

/** The blobs of an index without those that only some of its images have. */
export function sparseBlobs(index: TestIndex, present: readonly TestImage[]): Map<string, Uint8Array> {
  const bytes = [...present.flatMap(({ blobs }) => [...blobs])]
  return new Map<string, Uint8Array>([...bytes, [index.manifest.digest, index.manifestBytes]])
}
