import { strict as assert } from 'node:assert'

import { writeBlob, type ContentStore } from '@drayage/content'
import type { Requirement } from '@drayage/content/conformance'
import { digestOf, parseImageId, type Digest } from '@drayage/digest'
import { encodeImageConfig, MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'

import type { Metadata } from '../ports.ts'
import type { NewName, PlatformImage } from '../stored-image.ts'

/** Fresh, empty metadata to check. */
export interface MetadataSubject {
  readonly metadata: Metadata
  /** What the metadata reads configs from. */
  readonly content: ContentStore
}

/** What the metadata of a subject is made with. */
export interface MetadataGiven {
  /** Milliseconds since 1970, as the subject has to see them. */
  readonly now: () => number
}

/** A requirement on metadata. */
export type MetadataRequirement = Requirement<MetadataGiven, MetadataSubject>

/** A requirement that does not depend on the time. */
export function requirement(name: string, check: (subject: MetadataSubject) => Promise<void>): MetadataRequirement {
  return { name, given: { now: Date.now }, check }
}

/** A requirement whose check moves the clock. */
export function timedRequirement(
  name: string,
  check: (subject: MetadataSubject, clock: { nowMs: number }) => Promise<void>,
): MetadataRequirement {
  const clock = { nowMs: 0 }
  return {
    name,
    given: { now: () => clock.nowMs },
    check(subject) {
      clock.nowMs = 1_000_000
      return check(subject, clock)
    },
  }
}

/** Content of this text, which need not be stored. */
export function described(text: string, mediaType = 'application/octet-stream'): Descriptor {
  return { mediaType, digest: digestOf(text), size: text.length }
}

/** An index of this text, which need not be stored. */
export function indexOf(text: string): Descriptor {
  return described(text, MEDIA_TYPES.ociIndex)
}

/** Puts an image with one layer as what came, under these names; only its config is stored. */
export async function putImage(
  { metadata, content }: MetadataSubject,
  seed: string,
  options: { readonly created?: string; readonly names?: readonly string[] } = {},
): Promise<PlatformImage> {
  const image = await newImage(content, seed, options.created)
  const names = (options.names ?? []).map((text) => ({ name: parseReference(text) }))
  await metadata.images.put(image.manifest, { platforms: [image] }, { names })
  return image
}

/** Puts an index of this text with these images in it, under these names. */
export async function putIndex(
  { metadata }: MetadataSubject,
  text: string,
  platforms: readonly PlatformImage[],
  ...names: readonly string[]
): Promise<Descriptor> {
  const index = indexOf(text)
  await metadata.images.put(index, { platforms }, { names: names.map((each) => ({ name: parseReference(each) })) })
  return index
}

/** An image that is not put yet, whose config is stored. */
export async function newImage(content: ContentStore, seed: string, created?: string): Promise<PlatformImage> {
  const bytes = encodeImageConfig({
    os: 'linux',
    architecture: 'amd64',
    author: seed,
    rootfs: { type: 'layers', diff_ids: [] },
  })
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: digestOf(bytes), size: bytes.byteLength }
  await writeBlob(content, config, bytes)
  return {
    id: parseImageId(config.digest),
    manifest: described(`manifest of ${seed}`, MEDIA_TYPES.ociManifest),
    config,
    platform: { os: 'linux', architecture: 'amd64' },
    ...(created !== undefined && { created }),
    size: 10,
    layers: [described(`layer of ${seed}`, MEDIA_TYPES.ociLayerGzip)],
  }
}

/** Names for a target. */
export function namesOf(target: Descriptor, ...texts: readonly string[]): NewName[] {
  return texts.map((text) => ({ name: parseReference(text), target }))
}

/** The same image with another manifest and another layer, as it is when it was compressed anew. */
export function recompressed(image: PlatformImage, seed: string): PlatformImage {
  const manifest = described(`manifest of ${seed}`, MEDIA_TYPES.ociManifest)
  return { ...image, manifest, layers: [described(`layer of ${seed}`, MEDIA_TYPES.ociLayerGzip)] }
}

/** All content that an image consists of. */
export function contentOf({ manifest, config, layers }: PlatformImage): Descriptor[] {
  return [manifest, config, ...layers]
}

/** The full texts of all names. */
export async function allNames({ metadata }: MetadataSubject): Promise<string[]> {
  return (await metadata.images.listNames()).map(({ reference }) => reference)
}

/** Rejects anything but a rejection with an error of this code. */
export async function assertCode(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, (error: unknown) => {
    assert.equal(error instanceof Error && 'code' in error ? error.code : error, code)
    return true
  })
}

/** The digests of some content. */
export function digests(content: readonly Descriptor[]): Digest[] {
  return content.map(({ digest }) => digest)
}
