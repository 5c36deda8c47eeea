import { encodeManifest, type Descriptor, type ImageIndex, MAX_MANIFEST_BYTES, MEDIA_TYPES } from '@drayage/manifest'
import { disk, type HeldDirectory, readSmallFile, replaceHeldFile, unlessMissing } from '@drayage/files'

import { LayoutError } from '../errors.ts'
import { assertLayoutVersion, decodeLayoutIndex, LAYOUT_VERSION } from './layout-documents.ts'

/** Where an entry of `index.json` has its name. @see OCI image-spec v1.1.1, annotations.md */
export const REF_NAME = 'org.opencontainers.image.ref.name'

/** Reads `index.json`; a layout without one is empty. @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX` */
export async function readLayoutIndex(directory: HeldDirectory): Promise<ImageIndex> {
  const bytes = await readDocument(directory, 'index.json', MAX_MANIFEST_BYTES)
  if (bytes === undefined) return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
  return decodeLayoutIndex(bytes, directory.path)
}

/** The bytes of a file of the layout; `undefined` when it is missing. @throws LayoutError `ERR_LAYOUT` when it is no file */
async function readDocument(directory: HeldDirectory, name: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const bytes = await readSmallFile(directory.at(name), { maxBytes })
  if (bytes !== undefined || (await unlessMissing(disk.lstat(directory.at(name)))) === undefined) return bytes
  throw new LayoutError(directory.path, `its ${name} is no regular file`)
}

/** Replaces `index.json`: readers see the old one or the new one. */
export async function writeLayoutIndex(directory: HeldDirectory, index: ImageIndex): Promise<void> {
  const bytes = encodeManifest(index)
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new LayoutError(
      directory.path,
      `its index.json would hold ${index.manifests.length} images in more than ${MAX_MANIFEST_BYTES} bytes`,
    )
  }
  await replaceHeldFile({ directory, name: 'index.json' }, bytes)
}

/** The index with `what` under `refName`; an entry that had the name stays without it. */
export function withEntry(index: ImageIndex, what: Descriptor, refName: string | undefined): ImageIndex {
  const entry = named(what, refName)
  const others = index.manifests
    .filter((other) => !isReplaced(other, what, refName))
    .map((other) => (refName !== undefined && nameOf(other) === refName ? named(other, undefined) : other))
  return { ...index, manifests: [...others, entry] }
}

/** The index with a manifest that refers to another one, under no name; one that is listed already stays as it is. */
export function withReferrer(index: ImageIndex, referrer: Descriptor): ImageIndex {
  if (index.manifests.some((entry) => entry.digest === referrer.digest)) return index
  return { ...index, manifests: [...index.manifests, referrerEntry(referrer)] }
}

/** A referrer as an entry: annotations stay in the manifest, since readers take those of an entry for its names. */
export function referrerEntry({ mediaType, digest, size, artifactType }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) }
}

/** The name of an entry. */
export function nameOf(entry: Descriptor): string | undefined {
  return entry.annotations?.[REF_NAME]
}

/** Whether the new entry for `what` stands in for `other`: the same content under the same name or under none. */
function isReplaced(other: Descriptor, what: Descriptor, refName: string | undefined): boolean {
  return other.digest === what.digest && (nameOf(other) === undefined || nameOf(other) === refName)
}

function named(what: Descriptor, refName: string | undefined): Descriptor {
  const { annotations = {}, data: _, ...rest } = what
  const { [REF_NAME]: __, ...kept } = annotations
  const all = refName === undefined ? kept : { ...kept, [REF_NAME]: refName }
  return Object.keys(all).length === 0 ? rest : { ...rest, annotations: all }
}

/** Makes the directory a layout, or checks that it is one of a known version. @throws LayoutError `ERR_LAYOUT` */
export async function ensureLayoutFile(directory: HeldDirectory): Promise<void> {
  const bytes = await readDocument(directory, 'oci-layout', MAX_MANIFEST_BYTES)
  if (bytes !== undefined) return assertLayoutVersion(bytes, directory.path)
  await replaceHeldFile({ directory, name: 'oci-layout' }, JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION }))
}
