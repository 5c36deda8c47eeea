import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createMemoryStore, type MemoryStore, writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference, parseRepository } from '@drayage/reference'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { type Database, openDatabase } from './database.ts'
import { createImageStore, type ImageStore } from './image-store.ts'

let directory: string
let database: Database
let content: MemoryStore
let store: ImageStore

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-images-'))
  database = await openDatabase(join(directory, 'metadata.db'))
  content = createMemoryStore()
  store = createImageStore({ database, content, journal: join(directory, 'names.journal') })
})
afterEach(async () => {
  database[Symbol.dispose]()
  await rm(directory, { recursive: true })
})

async function put(seed: string, created = '2024-01-01T00:00:00Z'): Promise<TestImage> {
  const image = await buildImage({ layers: [[{ path: 'seed', content: seed }]], config: { created } })
  for (const what of [image.manifest, image.config, ...image.layers.map((layer) => layer.descriptor)]) {
    await writeBlob(content, what, image.blobs.get(what.digest) ?? new Uint8Array())
  }
  const { imageId: id, manifest, config, platform } = image
  const layers = image.layers.map((layer) => layer.descriptor)
  await store.put({ id, manifest, config, platform, created, size: image.layers[0]?.tar.byteLength ?? 0, layers })
  return image
}

async function name(image: TestImage, ...texts: string[]): Promise<void> {
  for (const text of texts) await store.nameImage(parseReference(text), image.manifest, image.imageId)
}

const names = async (): Promise<string[]> => (await store.listNames()).map((record) => record.reference)

test('resolve() gives what a name stands for, latest by default, and fails for others', async () => {
  const image = await put('a')
  await name(image, 'alpine:latest')
  expect(await store.resolve(parseReference('alpine'))).toEqual(image.manifest)
  expect(await store.imageOf(parseReference('alpine'))).toBe(image.imageId)
  await expect(store.resolve(parseReference('alpine:3'))).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
})

test('tag() moves a tag, and selects the image that has the manifest', async () => {
  const [first, second] = [await put('a'), await put('b')]
  await store.tag(first.manifest, parseReference('app:1'))
  await store.tag(second.manifest, parseReference('app:1'))
  expect(await store.imageOf(parseReference('app:1'))).toBe(second.imageId)
  expect(await names()).toEqual(['docker.io/library/app:1'])
})

test('tag() records names by digest without their tag and refuses a digest of other content', async () => {
  const image = await put('a')
  await store.tag(image.manifest, parseReference(`app:1@${image.manifest.digest}`))
  expect(await names()).toEqual([`docker.io/library/app@${image.manifest.digest}`])
  const other = digestOf('other')
  await expect(store.tag(image.manifest, parseReference(`app@${other}`))).rejects.toMatchObject({
    code: 'ERR_NAME_REFUSED',
    message: expect.stringContaining(`Cannot overwrite digest ${other}`),
  })
})

test.each(['sha256', 'sha256:latest', 'docker.io/library/sha256:1'])(
  'tag() refuses the ambiguous name %s',
  async (text) => {
    const image = await put('a')
    await expect(store.tag(image.manifest, parseReference(text))).rejects.toMatchObject({
      code: 'ERR_NAME_REFUSED',
      message: expect.stringContaining('refusing to create an ambiguous tag using digest algorithm as name'),
    })
  },
)

test('nameImage() refuses an image that is not there, and does not write what is so already', async () => {
  const image = await put('a')
  await name(image, 'app:1')
  const [before] = await store.listNames()
  await name(image, 'app:1')
  expect(await store.listNames()).toEqual([before])
  const missing = (await buildImage({ config: { author: 'x' } })).imageId
  await expect(store.nameImage(parseReference('b'), image.manifest, missing)).rejects.toMatchObject({
    code: 'ERR_IMAGE_NOT_FOUND',
  })
})

test('nameImage() lets the name of an index select another image of it', async () => {
  const [first, second] = [await put('a'), await put('b')]
  const index = buildIndex([first, second]).manifest
  const byDigest = parseReference(`app@${index.digest}`)
  await store.nameImage(byDigest, index, first.imageId)
  await store.nameImage(byDigest, index, second.imageId)
  expect(await store.resolve(byDigest)).toEqual(index)
  expect(await store.imageOf(byDigest)).toBe(second.imageId)
})

test('untag() takes a name away once', async () => {
  const image = await put('a')
  await name(image, 'app:1')
  expect(await store.untag(parseReference('app:1'))).toBe(true)
  expect(await store.untag(parseReference('app:1'))).toBe(false)
  expect(await store.get(image.imageId)).toBeDefined()
})

test('find() takes a full ID, a short ID, a name, and prefers the name to a short ID', async () => {
  const [image, other] = [await put('a'), await put('b')]
  const hex = image.imageId.slice('sha256:'.length)
  await name(image, 'alpine', `alpine@${image.manifest.digest}`)
  for (const text of [
    image.imageId,
    hex,
    hex.slice(0, 12),
    `sha256:${hex.slice(0, 12)}`,
    'alpine',
    'docker.io/library/alpine:latest',
  ]) {
    expect((await store.find(text)).id).toBe(image.imageId)
  }
  await name(other, hex.slice(0, 12))
  expect((await store.find(hex.slice(0, 12))).id).toBe(other.imageId)
  expect(await store.find('alpine')).toMatchObject({
    repoTags: expect.arrayContaining(['alpine:latest']),
    repoDigests: [`alpine@${image.manifest.digest}`],
  })
})

test('find() refuses an ambiguous short ID and tells what it did not find', async () => {
  const seen = new Map<string, TestImage>()
  for (let seed = 0; ; seed++) {
    const image = await put(String(seed))
    const digit = image.imageId.charAt('sha256:'.length)
    if (seen.has(digit)) {
      await expect(store.find(digit)).rejects.toMatchObject({ code: 'ERR_IMAGE_AMBIGUOUS', text: digit })
      break
    }
    seen.set(digit, image)
  }
  await expect(store.find('nothing/here')).rejects.toThrow('No such image: nothing/here')
  await expect(store.find('Not A Name')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
})

test('list() gives images by age, the newest first, with familiar names', async () => {
  const old = await put('old', '2020-01-01T00:00:00Z')
  const unknown = await put('unknown', 'some day')
  const fresh = await put('fresh', '2025-01-01T02:00:00+02:00')
  await name(fresh, 'ghcr.io/a/b:2', 'app:1')
  const listed = await store.list()
  expect(listed.map((image) => image.id)).toEqual([fresh.imageId, old.imageId, unknown.imageId])
  expect(listed[0]?.repoTags).toEqual(['app:1', 'ghcr.io/a/b:2'])
  expect(listed[1]?.repoTags).toEqual([])
})

test('put() knows every manifest of an image, and roots() holds them', async () => {
  const image = await put('a')
  const again: Descriptor = { ...image.manifest, digest: digestOf('recompressed') }
  const record = await store.get(image.imageId)
  if (record === undefined) throw new Error('no record')
  await store.put({ ...record, manifest: again })
  expect(await store.findImage(image.manifest)).toBe(image.imageId)
  expect(await store.findImage(again)).toBe(image.imageId)
  expect((await store.get(image.imageId))?.manifest).toEqual(again)
  expect(new Set(await store.roots())).toEqual(new Set([image.manifest.digest, again.digest, image.config.digest]))
})

test('readManifest() and readConfig() give verified content', async () => {
  const image = await put('a')
  const record = await store.find(image.imageId)
  expect((await store.readManifest(record)).descriptor).toEqual(image.manifest)
  expect((await store.readConfig(record)).value).toEqual(image.configValue)
})

test('readConfig() tells an image that was removed meanwhile from a config that is lost', async () => {
  const image = await put('a')
  const record = await store.find(image.imageId)
  await content.delete(image.config.digest)
  await expect(store.readConfig(record)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
  await store.delete(image.imageId)
  await expect(store.readConfig(record)).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
})

test('delete() removes an image without names only', async () => {
  const image = await put('a')
  await name(image, 'app:1')
  await expect(store.delete(image.imageId)).rejects.toMatchObject({ code: 'ERR_IMAGE_CONFLICT' })
  await store.untag(parseReference('app:1'))
  expect(await store.delete(image.imageId)).toBe(true)
  expect(await store.delete(image.imageId)).toBe(false)
  expect(await store.findImage(image.manifest)).toBeUndefined()
})

test('remove() by name stops at other names', async () => {
  const image = await put('a')
  await name(image, 'app:1', 'app:2', `app@${image.manifest.digest}`)
  const plan = await store.remove('app:1')
  expect(plan.untag.map((record) => record.reference)).toEqual(['docker.io/library/app:1'])
  expect(plan.image).toBeUndefined()
  expect(await store.get(image.imageId)).toBeDefined()
})

test('remove() of the last tag of a repository takes its digest names along, and then the image', async () => {
  const image = await put('a')
  const digest = image.manifest.digest
  await name(image, 'app:1', `app@${digest}`, 'b/c:1', `b/c@${digest}`)
  const first = await store.remove('app:1')
  expect(first.untag.map((record) => record.reference)).toEqual([
    'docker.io/library/app:1',
    `docker.io/library/app@${digest}`,
  ])
  expect(first.image).toBeUndefined()
  const last = await store.remove('b/c:1')
  expect(last.image).toBe(image.imageId)
  expect(await store.get(image.imageId)).toBeUndefined()
  expect(await names()).toEqual([])
})

test('remove() by ID takes one tag and its digests, and has to be forced for more', async () => {
  const image = await put('a')
  const short = image.imageId.slice('sha256:'.length, 'sha256:'.length + 12)
  await name(image, 'app:1', `app@${image.manifest.digest}`, 'other:1')
  await expect(store.remove(short)).rejects.toMatchObject({
    code: 'ERR_IMAGE_CONFLICT',
    message: expect.stringContaining(
      `conflict: unable to delete ${short} (must be forced) - image is referenced in multiple repositories`,
    ),
  })
  expect(await names()).toHaveLength(3)
  const forced = await store.planRemoval(short, { force: true })
  expect(forced.untag).toHaveLength(3)
  await store.remove('other:1')
  expect(await store.remove(short)).toMatchObject({ image: image.imageId, untag: { length: 2 } })
})

test('remove() by ID conflicts with two tags of one repository', async () => {
  const image = await put('a')
  await name(image, 'app:1', 'app:2')
  await expect(store.remove(image.imageId)).rejects.toMatchObject({ code: 'ERR_IMAGE_CONFLICT' })
  expect(await store.remove(image.imageId, { force: true })).toMatchObject({ image: image.imageId })
})

test('remove() of a name without an image takes only the name', async () => {
  const index = { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf('index'), size: 5 }
  await store.tag(index, parseReference('many:1'))
  await store.tag(index, parseReference(`many@${index.digest}`))
  const plan = await store.remove('many:1')
  expect(plan.untag).toHaveLength(2)
  expect(plan.image).toBeUndefined()
  await expect(store.remove('many:1')).rejects.toMatchObject({ code: 'ERR_IMAGE_NOT_FOUND' })
})

test('sourcesOf() gives the newest 50 repositories, each once', async () => {
  const digest = digestOf('blob')
  const repository = (index: number) => parseRepository(`registry.test:5000/team/app${index}`)
  for (let index = 0; index < 60; index++) await store.recordSources([{ digest }], repository(index))
  await store.recordSources([{ digest }], repository(30))
  const sources = await store.sourcesOf(digest)
  expect(sources).toHaveLength(50)
  expect(sources.slice(0, 2)).toEqual([repository(30), repository(59)])
  expect(await store.sourcesOf(digestOf('unknown'))).toEqual([])
})

test('sourcesOf() tells who was there last, and nothing of a repository that is forgotten', async () => {
  const digest = digestOf('blob')
  const [one, two] = [parseRepository('registry.test:5000/one'), parseRepository('registry.test:5000/two')]
  await store.recordSources([{ digest, auth: 'a hash' }], one)
  await store.recordSources([{ digest }], two)
  expect(await store.sourcesOf(digest)).toEqual([two, { ...one, auth: 'a hash' }])
  await store.recordSources([{ digest }], one)
  await store.forgetSource(digest, two)
  await store.forgetSource(digestOf('unknown'), one)
  expect(await store.sourcesOf(digest)).toEqual([one])
})

test('every call rejects with the reason of its signal', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  const image = await put('a')
  for (const call of [
    () => store.resolve(parseReference('a'), { signal }),
    () => store.tag(image.manifest, parseReference('a'), { signal }),
    () => store.list({ signal }),
    () => store.remove(image.imageId, { signal }),
    () => store.recordSources([image.manifest], parseRepository('a'), { signal }),
    () => store.forgetSource(image.manifest.digest, parseRepository('a'), { signal }),
  ]) {
    await expect(call()).rejects.toBe(signal.reason)
  }
})
