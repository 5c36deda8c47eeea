import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'

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

import { fillArchive } from '../test/fill-archive.ts'
import type { ArchiveOutput } from '../output/archive-output.ts'
import { openFileOutput } from '../output/file-output.ts'
import type { ArchiveWritingOptions } from '../output/members.ts'
import { openDockerArchive, openOciArchive } from '../open-archive.ts'
import { streamOutput } from '../output/stream-output.ts'
import { createDockerOciArchiveSink } from './docker-oci-archive-sink.ts'

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

interface Entry {
  readonly what: Descriptor
  readonly manifest: Descriptor
  readonly repoTags: readonly string[]
}

/** Writes an archive of images: tagged, or put where they have no tags. */
async function writeArchive(
  output: ArchiveOutput,
  from: Fetcher,
  images: readonly Entry[],
  options: ArchiveWritingOptions = {},
): Promise<void> {
  const manifests = new Map(images.map(({ what, manifest }) => [what.digest, manifest]))
  const platform = { os: 'linux', architecture: 'amd64' }
  const imageOf = ({ digest }: Descriptor): Descriptor | undefined => manifests.get(digest)
  await using sink = createDockerOciArchiveSink(output, { ...options, platform, imageOf })
  await fillArchive(
    sink,
    from,
    images.map(({ what }) => what),
  )
  for (const { what, repoTags } of images) {
    const { mediaType, digest, size } = what
    if (repoTags.length === 0) await sink.put({ mediaType, digest, size })
    for (const tag of repoTags) await sink.tag(what, parseReference(tag))
  }
  await sink.finish()
}

function entry(one: TestImage, repoTags: readonly string[], what: Descriptor = one.manifest): Entry {
  return { what, manifest: one.manifest, repoTags }
}

async function names(): Promise<string[]> {
  return (await runOk('tar', ['-tf', path])).stdout.trim().split('\n')
}

async function json(name: string): Promise<unknown> {
  return JSON.parse((await runOk('tar', ['-xOf', path, name])).stdout)
}

test('an archive of docker save is a layout to whose blobs manifest.json leads, each once', async () => {
  await writeArchive(await openFileOutput(path), source, [entry(image, ['app:1', 'ghcr.io/a/b:2'])])
  const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
  const layers = image.layers.map((layer) => blob(layer.descriptor.digest))
  expect(await json('manifest.json')).toEqual([
    { Config: blob(image.imageId), RepoTags: ['app:1', 'ghcr.io/a/b:2'], Layers: layers },
  ])
  const all = await names()
  expect(all.slice(-4)).toEqual(['manifest.json', 'repositories', 'oci-layout', 'index.json'])
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

test('an archive of docker save has the same bytes in files and pipes', async () => {
  const images = [entry(image, ['app:1']), entry(other, ['app:2'])]
  await writeArchive(await openFileOutput(path), source, images)
  const parts: Uint8Array[] = []
  const sink = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
  await writeArchive(streamOutput(sink), source, images, { concurrency: 4, memoryBytes: 10 })
  expect(digestOf(Buffer.concat(parts))).toBe(digestOf(await readFile(path)))
  expect(await readdir(directory)).toEqual(['image.tar'])
})

test('an archive of docker save holds layers of zstd uncompressed too, for readers that do not know it', async () => {
  await writeArchive(await openFileOutput(path), source, [entry(other, ['app:1'])])
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

test('an archive of docker save keeps an index whole, and lists its chosen image', async () => {
  await writeArchive(await openFileOutput(path), source, [entry(image, ['app:1'], index.manifest)])
  await using archive = await openDockerArchive(path)
  expect(await archive.resolve(parseReference('app:1'))).toMatchObject({ digest: index.manifest.digest })
  expect(archive.images).toHaveLength(1)
  expect(await archive.select(0)).toMatchObject({ digest: image.manifest.digest })
  await using oci = await openOciArchive(path)
  const seen: string[] = []
  for await (const { descriptor } of walk(oci, index.manifest)) seen.push(descriptor.digest)
  expect(seen.toSorted()).toEqual([...index.blobs.keys()].toSorted())
})

test('an archive of docker save keeps apart what has one tag in two repositories, and images without a name', async () => {
  const old = { ...other.manifest, annotations: { 'io.containerd.image.name': 'docker.io/library/old:1' } }
  const images = [entry(image, ['one:1', 'one:only']), entry(other, ['two:1']), entry(other, [], old)]
  await writeArchive(await openFileOutput(path), source, images)
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

test('an archive of docker save is taken back whole when an image cannot be written', async () => {
  const lost = { ...entry(image, ['app:1'], index.manifest), manifest: other.manifest }
  for (const [images, code] of [
    [[], 'ERR_ARCHIVE_IMAGE'],
    [[lost], 'ERR_ARCHIVE_IMAGE'],
    [[{ ...entry(image, []), what: { ...image.manifest, digest: digestOf('none') } }], 'ERR_CONTENT_NOT_FOUND'],
  ] as const) {
    await expect(writeArchive(await openFileOutput(path), source, images)).rejects.toMatchObject({ code })
  }
  expect(await readdir(directory)).toEqual([])
})
