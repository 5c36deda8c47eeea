import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import {
  decodeManifest,
  encodeManifest,
  type Descriptor,
  type ImageIndex,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
} from '@drayage/manifest'
import { encodeText } from '@drayage/bytes'

import { LayoutError } from './errors.ts'
import { syncDirectory } from './sync-directory.ts'
import { writeFully } from './write-fully.ts'

/** Where an entry of `index.json` has its name. @see OCI image-spec v1.1.1, annotations.md */
export const REF_NAME = 'org.opencontainers.image.ref.name'

const LAYOUT_VERSION = '1.0.0'

/** Reads `index.json`; a layout without one is empty. @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX` */
export async function readLayoutIndex(directory: string): Promise<ImageIndex> {
  const bytes = await readIfThere(join(directory, 'index.json'))
  if (bytes === undefined) return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
  const decoded = decodeManifest(bytes, { mediaType: MEDIA_TYPES.ociIndex })
  if (decoded.kind !== 'index')
    throw new LayoutError(directory, `index.json of another kind, ${decoded.kind}`, 'an index')
  return decoded.value
}

/** Replaces `index.json`: readers see the old one or the new one. */
export async function writeLayoutIndex(directory: string, index: ImageIndex): Promise<void> {
  const bytes = encodeManifest(index)
  if (bytes.byteLength > MAX_MANIFEST_BYTES) {
    throw new LayoutError(
      directory,
      `${index.manifests.length} images`,
      `an index.json of at most ${MAX_MANIFEST_BYTES} bytes`,
    )
  }
  await replaceFile(directory, 'index.json', bytes)
}

/** The index with `what` under `refName`; an entry that had the name stays without it. */
export function withEntry(index: ImageIndex, what: Descriptor, refName: string | undefined): ImageIndex {
  const entry = named(what, refName)
  const others = index.manifests
    .filter((other) => !isReplaced(other, what, refName))
    .map((other) => (refName !== undefined && nameOf(other) === refName ? named(other, undefined) : other))
  return { ...index, manifests: [...others, entry] }
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
export async function ensureLayoutFile(directory: string): Promise<void> {
  const bytes = await readIfThere(join(directory, 'oci-layout'))
  if (bytes === undefined) {
    await replaceFile(directory, 'oci-layout', encodeText(JSON.stringify({ imageLayoutVersion: LAYOUT_VERSION })))
    return
  }
  const version = layoutVersion(bytes)
  if (version === undefined || !version.startsWith('1.')) {
    const found =
      version === undefined ? 'an oci-layout file without a version' : `version ${JSON.stringify(version.slice(0, 40))}`
    throw new LayoutError(directory, found, LAYOUT_VERSION)
  }
}

function layoutVersion(bytes: Uint8Array): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    if (typeof value !== 'object' || value === null || !('imageLayoutVersion' in value)) return undefined
    return typeof value.imageLayoutVersion === 'string' ? value.imageLayoutVersion : undefined
  } catch {
    return undefined
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function replaceFile(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(directory, `.${name}.${randomBytes(6).toString('hex')}.partial`)
  const file = await open(temporary, 'wx', 0o644)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
    await file.close()
    await rename(temporary, join(directory, name))
  } catch (error) {
    await file.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(directory)
}
