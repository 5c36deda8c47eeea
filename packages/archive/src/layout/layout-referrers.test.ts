import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { writeBlob } from '@drayage/content'
import { referrersTag, type Descriptor } from '@drayage/manifest'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { createOciArchiveSink, createOciLayoutSink, openFileOutput, openOciArchive, openOciLayout } from '../index.ts'
import type { LayoutSource, OciArchiveSink, OciLayoutSink } from '../index.ts'

let directory: TempDir
let image: TestImage
let bill: TestImage
let signature: TestImage

beforeEach(async () => {
  directory = await tempDir()
  image = await buildImage()
  bill = await buildImage({ manifest: { subject: image.manifest, artifactType: 'bill', annotations: { name: 'x:1' } } })
  signature = await buildImage({ manifest: { subject: bill.manifest, artifactType: 'signature' } })
})
afterEach(() => directory[Symbol.asyncDispose]())

async function fill(sink: OciArchiveSink | OciLayoutSink, ...all: readonly (TestImage | TestIndex)[]): Promise<void> {
  for (const [digest, bytes] of all.flatMap((each) => [...each.blobs])) {
    const mediaType = all.find(({ manifest }) => manifest.digest === digest)?.manifest.mediaType ?? 'layer'
    await writeBlob(sink, { mediaType, digest, size: bytes.byteLength }, bytes)
  }
}

async function keepAll(sink: OciArchiveSink | OciLayoutSink): Promise<void> {
  await fill(sink, image, bill, signature)
  await sink.put(image.manifest, '1')
  const annotations = { 'org.opencontainers.image.ref.name': '1', 'io.containerd.image.name': 'docker.io/library/x:1' }
  const listed = { ...bill.manifest, artifactType: 'bill', annotations }
  await sink.keepReferrers(image.manifest.digest, [listed, listed])
  await sink.keepReferrers(bill.manifest.digest, [{ ...signature.manifest, artifactType: 'signature' }])
}

const list = async (source: LayoutSource, about: TestImage, artifactType?: string): Promise<Descriptor[]> =>
  await Array.fromAsync(source.referrers(about.manifest.digest, { artifactType }))

async function check(source: LayoutSource): Promise<void> {
  expect(await list(source, image)).toEqual([{ ...bill.manifest, artifactType: 'bill' }])
  expect(await list(source, image, 'bill')).toHaveLength(1)
  expect(await list(source, image, 'other')).toEqual([])
  expect(await list(source, bill)).toEqual([{ ...signature.manifest, artifactType: 'signature' }])
  expect(await list(source, signature)).toEqual([])
  expect(await source.entries()).toHaveLength(3)
  // What refers to an image is no image to choose, and has no name.
  expect(await source.imageEntries()).toMatchObject([{ digest: image.manifest.digest }])
  expect((await source.select()).digest).toBe(image.manifest.digest)
  expect((await source.select('1')).digest).toBe(image.manifest.digest)
  expect((await source.select(bill.manifest.digest)).digest).toBe(bill.manifest.digest)
}

test('a layout lists the entries that refer to an image, which are no images to choose', async () => {
  const sink = createOciLayoutSink({ directory: directory.path })
  await keepAll(sink)
  await check(await openOciLayout({ directory: directory.path }))
  await sink.keepReferrers(image.manifest.digest, [bill.manifest])
  await check(await openOciLayout({ directory: directory.path }))
})

test('a manifest with a subject and a name is an image to choose', async () => {
  const sink = createOciLayoutSink({ directory: directory.path })
  await fill(sink, image, bill)
  await sink.put(bill.manifest, '1')
  const layout = await openOciLayout({ directory: directory.path })
  expect(await layout.imageEntries()).toMatchObject([{ digest: bill.manifest.digest }])
  await sink.put(image.manifest)
  expect(await layout.imageEntries()).toHaveLength(2)
})

test('an oci-archive does the same', async () => {
  const file = join(directory.path, 'a.tar')
  await using sink = createOciArchiveSink(await openFileOutput(file))
  await keepAll(sink)
  await sink.finish()
  await using archive = await openOciArchive(file)
  await check(archive)
})

test('a layout lists what another tool keeps under a tag made of the digest', async () => {
  const sink = createOciLayoutSink({ directory: directory.path })
  const other = await buildImage({ config: { author: 'other' } })
  const tagged = buildIndex([bill, other])
  await fill(sink, image, bill, other, tagged)
  await sink.put(image.manifest, '1')
  await sink.put(tagged.manifest, referrersTag(image.manifest.digest))
  await sink.put(other.manifest, `${referrersTag(image.manifest.digest)}.sig`)
  const source = await openOciLayout({ directory: directory.path })
  expect(await list(source, image)).toEqual([{ ...bill.manifest, artifactType: 'bill' }])
  expect((await source.select()).digest).toBe(image.manifest.digest)
})

test('a layout passes over entries whose content is not there or of another kind', async () => {
  const sink = createOciLayoutSink({ directory: directory.path })
  await keepAll(sink)
  await sink.put({ ...image.manifest, mediaType: 'application/x-odd' }, 'odd')
  await rm(join(directory.path, 'blobs/sha256', bill.manifest.digest.slice('sha256:'.length)))
  const source = await openOciLayout({ directory: directory.path })
  expect(await list(source, image)).toEqual([])
  expect(await list(source, bill)).toHaveLength(1)
})
