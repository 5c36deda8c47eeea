import { Writable } from 'node:stream'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { readBlob, walk, writeBlob } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, buildLayer, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { OciArchiveSink } from '../layout/oci-archive-sink.ts'
import { openDockerArchive } from '../open-archive.ts'
import { openFileOutput } from '../output/file-output.ts'
import { streamOutput } from '../output/stream-output.ts'
import { createDockerOciArchiveSink } from './docker-oci-archive-sink.ts'

const BIG = { maxBytes: 10_000_000 }
const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }
let directory: TempDir
let path: string
let image: TestImage
let arm: TestImage

beforeEach(async () => {
  directory = await tempDir()
  path = join(directory.path, 'image.tar')
  const zstd = await buildLayer([{ path: 'z', content: 'z'.repeat(2_000_000) }], { compression: 'zstd' })
  image = await buildImage({ layers: [await buildLayer([{ path: 'a' }]), zstd] })
  arm = await buildImage({ platform: arm64 })
})
afterEach(async () => await directory[Symbol.asyncDispose]())

/** Writes all content of an image; without knowing what it is, as engines may. */
async function fill(sink: OciArchiveSink, blobs: TestImage['blobs']): Promise<void> {
  for (const [digest, bytes] of blobs) {
    await writeBlob(sink, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
}

test('createDockerOciArchiveSink() lists tagged images, in a file as in a pipe', async () => {
  const parts: Uint8Array[] = []
  const pipe = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
  for (const output of [await openFileOutput(path), streamOutput(pipe)]) {
    await using sink = createDockerOciArchiveSink(output, { platform: amd64, memoryBytes: 1000 })
    await fill(sink, image.blobs)
    await sink.tag(image.manifest, parseReference('app'))
    await sink.tag(image.manifest, parseReference('ghcr.io/a/app:2'))
    await fill(sink, arm.blobs)
    await sink.put(arm.manifest)
    await sink.finish()
  }
  expect(digestOf(Buffer.concat(parts))).toBe(digestOf(await readFile(path)))
  await using archive = await openDockerArchive(path)
  expect(archive.images.map(({ repoTags }) => repoTags)).toEqual([['app:latest', 'ghcr.io/a/app:2'], []])
  const read = await archive.read({ position: 0, repoTags: [] })
  expect(read.layers.map(({ compression }) => compression)).toEqual(['gzip', 'none'])
  for await (const { descriptor } of walk(archive, image.manifest)) await readBlob(archive, descriptor, BIG)
  await using files = await openDockerArchive(path)
  expect(files.images).toHaveLength(2)
  expect(Buffer.concat(parts).includes(`${digestHex(image.layers[1]?.diffId ?? image.imageId)}.tar`)).toBe(true)
})

test.each([
  ['the one for the platform', undefined, 'all', 'arm'],
  ['the one that the caller chose', 'image', 'all', 'image'],
  ['one that came when the one for the platform did not', undefined, 'image', 'image'],
] as const)('createDockerOciArchiveSink() lists of an index %s', async (_, chosen, came, listed) => {
  const images = { image, arm }
  const index = buildIndex([image, arm])
  await using sink = createDockerOciArchiveSink(await openFileOutput(path), {
    platform: arm64,
    imageOf: () => chosen && images[chosen].manifest,
  })
  await fill(sink, image.blobs)
  if (came === 'all') await fill(sink, arm.blobs)
  const root = index.blobs.get(index.manifest.digest)
  if (root === undefined) throw new Error('no index')
  await writeBlob(sink, index.manifest, root)
  await sink.tag(index.manifest, parseReference('app:1'))
  await sink.finish()
  await using archive = await openDockerArchive(path)
  expect(archive.images).toHaveLength(1)
  expect((await archive.select(0)).digest).toBe(images[listed].manifest.digest)
})

test('createDockerOciArchiveSink() refuses a layer of zstd whose tar is another one', async () => {
  const [, zstd] = image.layers
  if (zstd === undefined) throw new Error('no layer')
  const lying = await buildImage({ layers: [{ ...zstd, diffId: (await buildLayer([])).diffId }] })
  await using sink = createDockerOciArchiveSink(await openFileOutput(path), { platform: amd64 })
  await fill(sink, lying.blobs)
  await sink.tag(lying.manifest, parseReference('app:1'))
  await expect(sink.finish()).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  expect(await readdir(directory.path)).toEqual([])
})
