import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { collect } from '@drayage/bytes'
import { type Fetcher, type Ingester, readBlob, walk, writeBlob } from '@drayage/content'
import { digestHex } from '@drayage/digest'
import { type Descriptor, encodeManifest } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  findPeer,
  run,
  runOk,
  type TestImage,
  type TestIndex,
  writeOciLayout,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openDirSink } from './dir/dir-sink.ts'
import { openDirImage } from './dir/dir-source.ts'
import { openOciLayout } from './layout/oci-layout-source.ts'

const skopeo = findPeer('skopeo')
const BIG = { maxBytes: 10_000_000 }
let root: string
let directory: string
let image: TestImage
let index: TestIndex

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drayage-dirs-'))
  directory = join(root, 'it')
  image = await buildImage()
  index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
})
afterEach(() => rm(root, { recursive: true }))

async function digests(source: Fetcher, from: Descriptor): Promise<string[]> {
  const seen: string[] = []
  for await (const { descriptor } of walk(source, from)) {
    await readBlob(source, descriptor, BIG)
    seen.push(descriptor.digest)
  }
  return seen.toSorted()
}

async function setIndex(manifests: readonly Descriptor[]): Promise<void> {
  await writeFile(join(directory, 'index.json'), encodeManifest({ schemaVersion: 2, manifests }))
}

describe('openOciLayout()', () => {
  test('finds entries by name, by digest, also of nested manifests, by position, and the only one', async () => {
    await writeOciLayout(directory, index, 'v1')
    const layout = await openOciLayout({ directory })
    const [entry] = await layout.entries()
    expect(await layout.select()).toEqual(entry)
    for (const selector of ['v1', 0, index.manifest.digest]) expect(await layout.select(selector)).toEqual(entry)
    expect(await layout.select(image.manifest.digest)).toMatchObject(image.manifest)
    expect(await layout.resolve(parseReference('app:v1'))).toEqual(entry)
    expect(await layout.resolve(parseReference(`app@${image.manifest.digest}`))).toMatchObject(image.manifest)
    expect(await digests(layout, index.manifest)).toEqual([...index.blobs.keys()].toSorted())
    await expect(layout.resolve(parseReference('app:v2'))).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
    for (const wrong of ['v2', 1, `sha256:${'0'.repeat(64)}`]) {
      await expect(layout.select(wrong)).rejects.toMatchObject({ name: 'ArchiveSelectionError' })
    }
  })

  test('takes the full name before the tag alone, and refuses to guess', async () => {
    await writeOciLayout(directory, index)
    const other = index.images[1]?.manifest ?? image.manifest
    const refName = (name: string): object => ({ 'org.opencontainers.image.ref.name': name })
    await setIndex([
      { ...image.manifest, annotations: { ...refName('1') } },
      { ...other, annotations: { 'io.containerd.image.name': 'ghcr.io/a/b:1', ...refName('1') } },
      { ...index.manifest, annotations: { ...refName('quay.io/c/d:1') } },
    ])
    const layout = await openOciLayout({ directory })
    expect(await layout.resolve(parseReference('ghcr.io/a/b:1'))).toMatchObject(other)
    expect(await layout.resolve(parseReference('quay.io/c/d:1'))).toMatchObject(index.manifest)
    expect(await layout.resolve(parseReference('app:1'))).toMatchObject(image.manifest)
    await expect(layout.select('1')).rejects.toMatchObject({ name: 'ArchiveSelectionError', count: 2 })
    await expect(layout.select()).rejects.toMatchObject({ count: 3 })
  })

  test('refuses other directories', async () => {
    await mkdir(directory)
    await expect(openOciLayout({ directory })).rejects.toMatchObject({ code: 'ERR_LAYOUT' })
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')
    await expect(openOciLayout({ directory })).rejects.toMatchObject({ code: 'ERR_LAYOUT' })
    await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
    await expect((await openOciLayout({ directory })).entries()).rejects.toMatchObject({ code: 'ERR_LAYOUT' })
    await writeFile(join(directory, 'index.json'), `{"schemaVersion":2,"manifests":[{"digest":"../x","size":1}]}`)
    await expect((await openOciLayout({ directory })).entries()).rejects.toMatchObject({ code: 'ERR_MANIFEST_SYNTAX' })
  })

  test('a link, a directory or a pipe in place of a blob is a blob that is missing', async () => {
    await writeOciLayout(directory, image)
    const layout = await openOciLayout({ directory })
    const blob = join(directory, 'blobs', 'sha256', digestHex(image.config.digest))
    const outside = join(root, 'outside')
    await writeFile(outside, image.configBytes)
    for (const replace of [
      () => symlink(outside, blob),
      () => mkdir(blob),
      () => run('mkfifo', [blob]),
      () => Promise.resolve(),
    ]) {
      await rm(blob, { recursive: true, force: true })
      await replace()
      expect(await layout.has(image.config)).toBe(false)
      await expect(readBlob(layout, image.config)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
    }
    await writeFile(blob, image.configBytes)
    expect(await layout.has(image.config)).toBe(true)
    await rename(join(directory, 'blobs'), join(root, 'blobs'))
    await symlink(join(root, 'blobs'), join(directory, 'blobs'))
    expect(await layout.has(image.config)).toBe(false)
  })

  test('verifies what it gives, and gives parts', async () => {
    await writeOciLayout(directory, image)
    const layout = await openOciLayout({ directory })
    expect(await collect(layout.fetch(image.config, { offset: 7 }), BIG)).toEqual(image.configBytes.subarray(7))
    await expect(collect(layout.fetch(image.config, { offset: -1 }), BIG)).rejects.toThrow(RangeError)
    const blob = join(directory, 'blobs', 'sha256', digestHex(image.config.digest))
    await writeFile(
      blob,
      image.configBytes.map((byte) => byte ^ 1),
    )
    await expect(readBlob(layout, image.config)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
  })
})

async function fill(sink: Ingester, what: TestImage | TestIndex): Promise<void> {
  const manifests = new Map<string, Descriptor>([[what.manifest.digest, what.manifest]])
  if ('images' in what) for (const one of what.images) manifests.set(one.manifest.digest, one.manifest)
  for (const [digest, bytes] of what.blobs) {
    const blob = { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }
    await writeBlob(sink, manifests.get(digest) ?? blob, bytes)
  }
}

describe('openDirSink()', () => {
  test('writes an image or an index that openDirImage() reads', async () => {
    for (const what of [image, index]) {
      const sink = await openDirSink({ directory, overwrite: true })
      await fill(sink, what)
      await sink.tag(what.manifest, parseReference('app:1'))
      expect(await sink.has(what.manifest)).toBe(true)
      const source = await openDirImage({ directory })
      expect(source.root).toEqual(what.manifest)
      expect(await source.has(what.manifest)).toBe(true)
      expect(await digests(source, source.root)).toEqual([...what.blobs.keys()].toSorted())
    }
    expect(await readFile(join(directory, 'version'), 'utf8')).toBe('Directory Transport Version: 1.1\n')
    const manifestNames = index.images.map((one) => `${digestHex(one.manifest.digest)}.manifest.json`)
    expect(await readdir(directory)).toEqual(expect.arrayContaining(['manifest.json', 'version', ...manifestNames]))
  })

  test('replaces an image only when it may, and then removes nothing but its files', async () => {
    const sink = await openDirSink({ directory })
    await fill(sink, index)
    await sink.put(index.manifest)
    await writeFile(join(directory, 'mine.txt'), 'x')
    await expect(openDirSink({ directory })).rejects.toMatchObject({ name: 'DirImageError', code: 'ERR_DIR_IMAGE' })
    const again = await openDirSink({ directory, overwrite: true })
    await fill(again, image)
    await again.put(image.manifest)
    const blobs = [image.config, ...image.manifestValue.layers].map(({ digest }) => digestHex(digest))
    expect((await readdir(directory)).toSorted()).toEqual([...blobs, 'manifest.json', 'mine.txt', 'version'].toSorted())
  })

  test('refuses a directory with other files, and content that is not there', async () => {
    const sink = await openDirSink({ directory })
    await expect(sink.put(image.manifest)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
    await writeFile(join(directory, 'version'), 'other')
    await expect(openDirSink({ directory })).rejects.toMatchObject({ code: 'ERR_DIR_IMAGE' })
    await rm(join(directory, 'version'))
    await writeFile(join(directory, 'mine.txt'), 'x')
    await expect(openDirSink({ directory, overwrite: true })).rejects.toMatchObject({ code: 'ERR_DIR_IMAGE' })
    await expect(openDirImage({ directory })).rejects.toMatchObject({ code: 'ERR_DIR_IMAGE' })
  })

  test('continues with what an interrupted copy left', async () => {
    await fill(await openDirSink({ directory }), image)
    const sink = await openDirSink({ directory })
    expect(await sink.has(image.config)).toBe(true)
    await sink.put(image.manifest)
    expect((await openDirImage({ directory })).root).toEqual(image.manifest)
  })

  test('a link in place of a blob is a blob that is missing', async () => {
    const sink = await openDirSink({ directory })
    await fill(sink, image)
    await sink.put(image.manifest)
    const source = await openDirImage({ directory })
    const blob = join(directory, digestHex(image.config.digest))
    await rename(blob, join(root, 'outside'))
    await symlink(join(root, 'outside'), blob)
    expect(await source.has(image.config)).toBe(false)
    await expect(readBlob(source, image.config)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
  })

  test.skipIf(skopeo === undefined)('is read and written by skopeo alike (skopeo)', async () => {
    const sink = await openDirSink({ directory })
    await fill(sink, index)
    await sink.put(index.manifest)
    const copy = join(root, 'copy')
    await runOk(skopeo ?? '', ['copy', '--all', '--preserve-digests', `dir:${directory}`, `dir:${copy}`])
    const source = await openDirImage({ directory: copy })
    expect(source.root).toEqual(index.manifest)
    expect(await digests(source, source.root)).toEqual([...index.blobs.keys()].toSorted())
  })
})
