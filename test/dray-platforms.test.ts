// What a name stands for, as a user of dray meets it: an index, of which some platforms and attestations are here.
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { parsePlatform } from '@drayage/manifest'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  tempDir,
  type RunResult,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'

import { drayIn } from './dray-process.ts'
import { fillStorage } from './fill-storage.ts'

const AMD64 = 'linux/amd64'
const ARM64 = 'linux/arm64'
const V7 = 'linux/arm/v7'

const storage = createMemoryStorage()
let server: HttpServer
let changes: string[] = []
/** A directory with a store of its own. */
let scratch: TempDir
let index: TestIndex
let amd64: TestImage
let arm64: TestImage
let v7: TestImage
let name: string

beforeAll(async () => {
  const base = await buildLayer([{ path: 'base', content: randomBytes('base', 50_000) }])
  const build = async (platform: string): Promise<TestImage> =>
    await buildImage({
      platform: parsePlatform(platform),
      layers: [base, [{ path: 'own', content: randomBytes(platform, 20_000) }]],
    })
  ;[amd64, arm64, v7] = [await build(AMD64), await build(ARM64), await build(V7)]
  index = buildIndex([amd64, arm64, v7], { attested: true })
  for (const image of index.images) await fillStorage(storage, { name: 'multi', tags: [], image })
  await fillStorage(storage, { name: 'multi', tags: ['1'], image: index })
  const { config } = await buildImage()
  const mediaType = 'application/vnd.cncf.helm.config.v1+json'
  const chart = await buildImage({ manifest: { config: { ...config, mediaType } } })
  await fillStorage(storage, { name: 'chart', tags: ['1'], image: chart })
  const handler = createRegistryHandler({ storage })
  server = await serve((request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') changes.push(`${request.method} ${request.url}`)
    return handler(request)
  })
  name = `${server.host}/multi:1`
})
afterAll(async () => {
  await server.close()
})
beforeEach(async () => {
  scratch = await tempDir()
  changes = []
})
afterEach(async () => {
  await scratch[Symbol.asyncDispose]()
})

const dray = (...args: string[]): Promise<RunResult> => drayIn(scratch.path, ...args)

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await dray(...args)
  expect([args, code, stderr]).toEqual([args, 0, ''])
  return stdout
}

const pull = (...platforms: string[]): Promise<string> => ok('pull', '-q', '--platform', platforms.join(','), name)

/** The digest that a tag of the registry stands for. */
async function tagged(repository: string): Promise<string | null> {
  const answer = await fetch(`${server.url}/v2/${repository}/manifests/1`, { method: 'HEAD' })
  return answer.headers.get('docker-content-digest')
}

const hex = (digest: string): string => digest.slice('sha256:'.length, 'sha256:'.length + 12)

/** Rows of a table, with the words of each; sizes have no space in them. */
const rows = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/))

/** What `--tree` shows of an index and its images. */
async function platformsHere(): Promise<string[]> {
  const images = rows(await ok('images', '--tree')).filter(([image = '']) => image.includes('─ linux/'))
  return images.filter((row) => row.at(-1) !== 'not here').map(([image = '']) => image.slice(3))
}

const bytesOf = (image: TestImage): number =>
  [image.manifest, image.config, ...image.manifestValue.layers].reduce((sum, { size }) => sum + size, 0)

/** The bytes of a size as `formatSize` shows it. */
const kilobytes = (size = ''): number => Number.parseFloat(size) * (size.endsWith('kB') ? 1 : 0.001)

test('one platform pulled and pushed back leaves the index and its attestations in the registry', async () => {
  await pull(AMD64)
  expect(await ok('push', name)).toContain(`1: digest: ${index.manifest.digest} size: ${index.manifest.size}\n`)
  expect(await tagged('multi')).toBe(index.manifest.digest)
})

test('an index that would arrive without some of its images is not pushed, and the message names three ways', async () => {
  await pull(AMD64, ARM64)
  const elsewhere = `${server.host}/elsewhere:1`
  await ok('tag', name, elsewhere)
  const refused = await dray('push', elsewhere)
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain(`would be there with ${AMD64}, ${ARM64} and without ${V7}\n`)
  // What was tagged for another repository is pulled from where it came.
  const origin = `${name.slice(0, name.lastIndexOf(':'))}@${index.manifest.digest}`
  for (const way of [`\`dray pull --all-platforms ${origin}\``, '`--sparse`', `\`--platform ${AMD64}\``]) {
    expect(refused.stderr).toContain(way)
  }
  expect([changes, await tagged('elsewhere')]).toEqual([[], null])
  await ok('pull', '-q', '--all-platforms', name)
  await ok('push', '-q', elsewhere)
  expect(await tagged('elsewhere')).toBe(index.manifest.digest)
  const attestations = index.images.slice(3).map(({ manifest }) => `PUT /v2/elsewhere/manifests/${manifest.digest}`)
  expect(changes.map((change) => change.replace(server.url, ''))).toEqual(expect.arrayContaining(attestations))
})

test('a second platform joins the first under its name, and a prune takes neither', async () => {
  await pull(AMD64)
  await pull(ARM64)
  expect(rows(await ok('images'))).toEqual([
    [name.slice(0, -2), '1', hex(amd64.imageId), expect.any(String), expect.any(String), `${AMD64},${ARM64}`],
  ])
  expect(await ok('images', '-q', '--filter', 'dangling=true')).toBe('')
  expect(await ok('prune')).toBe('Total reclaimed space: 0B\n')
  expect(await platformsHere()).toEqual([AMD64, ARM64])
})

test('rmi --platform takes one platform by force alone, and every name stays', async () => {
  await pull(AMD64, ARM64)
  await ok('tag', name, 'mine:1')
  const refused = await dray('rmi', '--platform', ARM64, name)
  expect([refused.code, refused.stdout, refused.stderr]).toEqual([
    1,
    '',
    expect.stringContaining(`Cannot remove ${ARM64}`),
  ])
  expect(await platformsHere()).toEqual([AMD64, ARM64])
  expect(await ok('rmi', '-f', '--platform', ARM64, name)).toBe(`Deleted: ${arm64.manifest.digest}\n`)
  expect(await platformsHere()).toEqual([AMD64])
  expect(rows(await ok('images')).map(([repository]) => repository)).toEqual([name.slice(0, -2), 'mine'])
  // What the platforms shared is still here.
  await ok('save', '-o', path.join(scratch.path, 'rest.tar'), 'mine:1')
})

test('what was pulled by its digest is listed by it, and a prune keeps it', async () => {
  const digest = `${name.slice(0, -2)}@${index.manifest.digest}`
  await ok('pull', '-q', digest)
  expect(await ok('prune')).toBe('Total reclaimed space: 0B\n')
  expect(rows(await ok('images', '--digests'))).toEqual([
    [
      name.slice(0, -2),
      '<none>',
      index.manifest.digest,
      hex(amd64.imageId),
      expect.any(String),
      expect.any(String),
      AMD64,
    ],
  ])
  expect(await ok('rmi', digest)).toContain(`Untagged: ${digest}\n`)
  expect(await ok('images', '-q')).toBe('')
})

test('save and load take several platforms, or none of them when one is missing', async () => {
  await ok('pull', '-q', '--all-platforms', name)
  const archive = path.join(scratch.path, 'two.tar')
  await ok('save', '-o', archive, '--platform', `${AMD64},${ARM64}`, name)
  const whole = path.join(scratch.path, 'all.tar')
  await ok('save', '-o', whole, name)
  await ok('rmi', name)
  await ok('load', '-q', '-i', archive)
  expect(await platformsHere()).toEqual([AMD64, ARM64])
  await ok('rmi', name)
  await ok('load', '-q', '-i', whole, '--platform', ARM64, '--platform', V7)
  expect(await platformsHere()).toEqual([ARM64, V7])
  await ok('rmi', name)
  const missing = await dray('load', '-q', '-i', archive, '--platform', `${AMD64},${V7}`)
  expect([missing.code, missing.stdout]).toEqual([3, ''])
  expect(await ok('images', '-q')).toBe('')
})

test('save keeps all that is here of an index, its digest and its name, also without the platform of this machine', async () => {
  await pull(ARM64, V7)
  const archive = path.join(scratch.path, 'here.tar')
  await ok('save', '-o', archive, name)
  await ok('rmi', name)
  expect(await ok('load', '-q', '-i', archive)).toBe(`Loaded image: ${name}\n`)
  expect(await platformsHere()).toEqual([ARM64, V7])
  expect(await ok('inspect', '-f', '{{.Architecture}} {{.Descriptor.digest}}', name)).toBe(
    `arm64 ${index.manifest.digest}\n`,
  )
})

test('df counts in one unit, shared content once, and images --tree adds up to it', async () => {
  await ok('pull', '-q', '--all-platforms', name)
  const [image, manifests] = [rows(await ok('images', '--tree'))[0], rows(await ok('images', '--tree')).slice(1)]
  const base = amd64.manifestValue.layers[0]?.size ?? 0
  const attestations = index.images.slice(3).reduce((sum, each) => sum + bytesOf(each as TestImage), 0)
  const sum = [amd64, arm64, v7].reduce((bytes, each) => bytes + bytesOf(each), attestations - 2 * base) / 1000
  expect(kilobytes(image?.[2])).toBeCloseTo(sum, 0)
  expect(manifests.map(([title]) => title?.slice(3))).toEqual([
    ...[AMD64, ARM64, V7],
    ...[amd64, arm64, v7].map(({ manifest }) => `attestation of ${hex(manifest.digest)}`),
  ])
  const parts = manifests.reduce((all, [, , size]) => all + kilobytes(size), 0)
  expect(kilobytes(image?.[2])).toBeCloseTo(parts - (2 * base) / 1000, -1)
  const df = await ok('df')
  expect(rows(df)[0]).toEqual([name, hex(amd64.imageId), image?.[2], '0B', image?.[2]])
  const onDisk = kilobytes(/On disk: (?<size>\S+)/.exec(df)?.groups?.['size'])
  expect(onDisk).toBeCloseTo(sum + index.manifest.size / 1000, 0)
})

test('inspect says which index a name stands for, and with --platform which image of it', async () => {
  await pull(AMD64, ARM64)
  const inspected = async (...args: string[]): Promise<unknown> => JSON.parse(await ok('inspect', ...args, name))
  const [whole] = Object(await inspected())
  expect([whole.Architecture, whole.Descriptor]).toEqual(['amd64', index.manifest])
  const [one] = Object(await inspected('--platform', ARM64))
  expect([one.Architecture, one.Descriptor]).toMatchObject(['arm64', { ...arm64.manifest, platform: arm64.platform }])
})

test('the digests of an index, of a manifest and of a config, and their starts, find the image', async () => {
  await pull(AMD64)
  for (const digest of [index.manifest.digest, amd64.manifest.digest, amd64.imageId]) {
    const found = await ok('inspect', '-f', '{{index .RepoTags 0}}', digest, hex(digest))
    expect(found).toBe(`${name}\n${name}\n`)
  }
})

test('a pattern matches the full name of an image on Docker Hub as its short one', async () => {
  await pull(AMD64)
  for (const tag of ['x:1', 'a/b:1']) await ok('tag', name, tag)
  const found = async (pattern: string): Promise<string[]> =>
    rows(await ok('images', pattern)).map(([each = '']) => each)
  expect(await found('docker.io/library/x')).toEqual(['x'])
  expect(await found('docker.io/a/b')).toEqual(['a/b'])
  expect(await found('a/b:*')).toEqual(['a/b'])
  expect(await found('docker.io/library/b')).toEqual([])
})

test('an artifact is kept as what it is, goes out again, and is refused as an image', async () => {
  const chart = `${server.host}/chart:1`
  const before = await tagged('chart')
  await ok('pull', '-q', chart)
  await ok('tag', chart, `${server.host}/charts/copy:1`)
  await ok('push', '-q', `${server.host}/charts/copy:1`)
  expect(await tagged('charts/copy')).toBe(before)
  const refused = await dray('history', chart)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('expected a container image')])
})

test('arm/v6 is not served by an image for arm/v7', async () => {
  const refused = await dray('pull', '-q', '--platform', 'linux/arm/v6', name)
  expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('no matching manifest for linux/arm/v6')])
  expect(await ok('images', '-q')).toBe('')
})
