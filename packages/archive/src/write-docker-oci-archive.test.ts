import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { fromBytes } from '@drayage/bytes'
import { createMemoryStore, type Fetcher, readBlob, walk, writeBlob } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  runOk,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { openFileOutput } from './file-output.ts'
import { openDockerArchive, openOciArchive } from './open-archive.ts'
import { streamOutput } from './stream-output.ts'
import { type DockerOciArchiveImage, writeDockerOciArchive } from './write-docker-oci-archive.ts'

const BIG = { maxBytes: 10_000_000 }
let directory: string
let path: string
let image: TestImage
let other: TestImage
let index: TestIndex
let source: Fetcher

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-docker-oci-'))
  path = join(directory, 'image.tar')
  const base = await buildLayer([{ path: 'a', content: randomBytes(1, 2_000_000) }])
  const zstd = await buildLayer([{ path: 'z', content: 'z'.repeat(9000) }], { compression: 'zstd' })
  image = await buildImage({ layers: [base, await buildLayer([]), base] })
  other = await buildImage({ layers: [base, zstd] })
  index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
  const store = createMemoryStore()
  for (const [digest, bytes] of [...index.blobs, ...other.blobs]) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  source = store
})
afterEach(() => rm(directory, { recursive: true }))

/** An image of the archive, whose uncompressed layers come from what it was built of. */
function entry(one: TestImage, repoTags: readonly string[], what: Descriptor = one.manifest): DockerOciArchiveImage {
  return {
    what,
    manifest: one.manifest,
    repoTags,
    async tar(diffId, position) {
      const tar = one.layers[position]?.tar ?? new Uint8Array(0)
      return { diffId, size: tar.byteLength, open: () => fromBytes(tar) }
    },
  }
}

async function names(): Promise<string[]> {
  return (await runOk('tar', ['-tf', path])).stdout.trim().split('\n')
}

async function json(name: string): Promise<unknown> {
  return JSON.parse((await runOk('tar', ['-xOf', path, name])).stdout)
}

test('writeDockerOciArchive() writes a layout whose blobs manifest.json leads to, each once', async () => {
  await writeDockerOciArchive(await openFileOutput(path), source, [entry(image, ['app:1', 'ghcr.io/a/b:2'])])
  const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
  const layers = image.layers.map((layer) => blob(layer.descriptor.digest))
  expect(await json('manifest.json')).toEqual([
    { Config: blob(image.imageId), RepoTags: ['app:1', 'ghcr.io/a/b:2'], Layers: layers },
  ])
  const all = await names()
  expect(all.slice(0, 2)).toEqual(['oci-layout', 'index.json'])
  expect(all.slice(-2)).toEqual(['manifest.json', 'repositories'])
  expect(all.filter((name) => name.startsWith('blobs/')).toSorted()).toEqual(
    [...image.blobs.keys()].map(blob).toSorted(),
  )
  expect(all.filter((name) => name.endsWith('/layer.tar'))).toHaveLength(3)
  const listed = (await runOk('tar', ['-tvf', path])).stdout
  for (const name of layers) expect(listed).toContain(`/layer.tar -> ../${name}\n`)
  await using docker = await openDockerArchive(path)
  expect(await docker.read({ position: 0, repoTags: [] })).toMatchObject({ isOriginal: true, manifest: image.manifest })
  await using oci = await openOciArchive(path)
  for (const name of ['app:1', 'ghcr.io/a/b:2']) {
    expect(await oci.resolve(parseReference(name))).toMatchObject(image.manifest)
  }
  expect(await oci.select('1')).toMatchObject({
    annotations: { 'io.containerd.image.name': 'docker.io/library/app:1', 'org.opencontainers.image.ref.name': '1' },
  })
})

test('writeDockerOciArchive() gives the same bytes to files and pipes', async () => {
  const images = [entry(image, ['app:1']), entry(other, ['app:2'])]
  await writeDockerOciArchive(await openFileOutput(path), source, images)
  const parts: Uint8Array[] = []
  const sink = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
  await writeDockerOciArchive(streamOutput(sink), source, images, { concurrency: 4, memoryBytes: 10 })
  expect(digestOf(Buffer.concat(parts))).toBe(digestOf(await readFile(path)))
  expect(await readdir(directory)).toEqual(['image.tar'])
})

test('writeDockerOciArchive() adds layers of zstd uncompressed, for readers that do not know it', async () => {
  await writeDockerOciArchive(await openFileOutput(path), source, [entry(other, ['app:1'])])
  const [base, zstd] = other.layers
  const file = `${digestHex(zstd?.diffId ?? other.imageId)}.tar`
  expect(await json('manifest.json')).toMatchObject([
    { Layers: [`blobs/sha256/${digestHex(base?.descriptor.digest ?? other.imageId)}`, file] },
  ])
  await using archive = await openDockerArchive(path)
  const found = await archive.read({ position: 0, repoTags: [] })
  expect(found.manifest).toMatchObject(other.manifest)
  expect(found.layers.map(({ compression }) => compression)).toEqual(['gzip', 'none'])
  for await (const { descriptor } of walk(archive, found.manifest)) await readBlob(archive, descriptor, BIG)
})

test('writeDockerOciArchive() keeps an index whole, and lists its chosen image', async () => {
  await writeDockerOciArchive(await openFileOutput(path), source, [entry(image, ['app:1'], index.manifest)])
  await using archive = await openDockerArchive(path)
  expect(await archive.resolve(parseReference('app:1'))).toMatchObject({ digest: index.manifest.digest })
  expect(archive.images).toHaveLength(1)
  expect(await archive.select(0)).toMatchObject({ digest: image.manifest.digest })
  await using oci = await openOciArchive(path)
  const seen: string[] = []
  for await (const { descriptor } of walk(oci, index.manifest)) seen.push(descriptor.digest)
  expect(seen.toSorted()).toEqual([...index.blobs.keys()].toSorted())
})

test('writeDockerOciArchive() keeps apart what has one tag in two repositories, and images without a name', async () => {
  const old = { ...other.manifest, annotations: { 'io.containerd.image.name': 'docker.io/library/old:1' } }
  const images = [entry(image, ['one:1', 'one:only']), entry(other, ['two:1']), entry(other, [], old)]
  await writeDockerOciArchive(await openFileOutput(path), source, images)
  await using archive = await openOciArchive(path)
  const seen = (await archive.entries()).map(({ digest, annotations = {} }) => [
    digest,
    annotations['org.opencontainers.image.ref.name'],
  ])
  expect(seen).toEqual([
    [image.manifest.digest, 'one:1'],
    [image.manifest.digest, 'only'],
    [other.manifest.digest, 'two:1'],
    [other.manifest.digest, undefined],
  ])
  expect((await archive.entries()).at(-1)).not.toHaveProperty('annotations')
  expect(await json('manifest.json')).toMatchObject([{ RepoTags: ['one:1', 'one:only'] }, { RepoTags: ['two:1'] }])
})

test('writeDockerOciArchive() takes everything back when an image cannot be written', async () => {
  const lost = { ...entry(image, ['app:1']), manifest: other.manifest }
  for (const [images, code] of [
    [[], 'ERR_ARCHIVE_IMAGE'],
    [[lost], 'ERR_ARCHIVE_IMAGE'],
    [[entry(image, ['app'])], 'ERR_ARCHIVE_IMAGE'],
    [[{ ...entry(image, []), what: { ...image.manifest, digest: digestOf('none') } }], 'ERR_CONTENT_NOT_FOUND'],
  ] as const) {
    await expect(writeDockerOciArchive(await openFileOutput(path), source, images)).rejects.toMatchObject({ code })
  }
  const bad = { ...entry(other, []), tar: entry(image, []).tar }
  await expect(writeDockerOciArchive(await openFileOutput(path), source, [bad])).rejects.toMatchObject({
    code: 'ERR_DIGEST_MISMATCH',
  })
  expect(await readdir(directory)).toEqual([])
})
