import { writeBlob, type MemoryStore } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import {
  decodeImageConfig,
  encodeSchema1,
  MEDIA_TYPES,
  signSchema1,
  withSignedBytes,
  type Descriptor,
} from '@drayage/manifest'
import { buildImage, buildIndex, buildLayer, type TestImage, type TestIndex } from '@drayage/testkit'

import type { FirstStore } from './first-store.ts'

/** What a store of the first model went through. */
export interface FirstHistory {
  /** Short names of digests. */
  readonly labels: ReadonlyMap<Digest, string>
  /**
   * What it holds, a line for each target, sorted: its label, its names (with a `!` where the digest is pinned), the images
   * in it, and its other content.
   */
  readonly held: readonly string[]
}

/** Fills a store of the first model with images of every kind. */
export async function writeFirstHistory(store: FirstStore, content: MemoryStore): Promise<FirstHistory> {
  const labels = new Map<Digest, string>()
  const keep = async <Kept extends TestImage | TestIndex>(label: string, built: Kept): Promise<Kept> => {
    labels.set(built.manifest.digest, label)
    for (const [digest, bytes] of built.blobs) {
      await writeBlob(content, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
    }
    return built
  }
  const image = async (label: string, architecture = 'amd64', format: 'oci' | 'docker' = 'oci'): Promise<TestImage> => {
    const layers = [[{ path: label, content: architecture }]]
    return keep(label, await buildImage({ layers, format, platform: { os: 'linux', architecture } }))
  }
  const index = (label: string, ...images: readonly (TestImage | TestIndex)[]): Promise<TestIndex> =>
    keep(label, buildIndex(images))
  /** An image with two manifests, of layers that are compressed differently. */
  const twice = async (label: string): Promise<[TestImage, TestImage]> => {
    const files = [{ path: label, content: 'x'.repeat(999) }]
    const layer = async (compression: 'gzip' | 'zstd') => [await buildLayer(files, { compression })]
    return [
      await keep(`${label}-gzip`, await buildImage({ layers: await layer('gzip') })),
      await keep(`${label}-zstd`, await buildImage({ layers: await layer('zstd') })),
    ]
  }
  const pull = async (pulled: TestImage, name: string, from: TestImage | TestIndex = pulled): Promise<void> => {
    const { manifest: target } = from
    await store.put(pulled, target, `${name.replace(/:.*/, '')}@${target.digest}`, name)
  }

  await pull(await image('single'), 'single:1')
  await pull(await image('docker', 'amd64', 'docker'), 'docker:1')

  const [amd, arm] = [await image('one/amd'), await image('one/arm', 'arm64')]
  await pull(amd, 'one:1', await index('one', amd, arm))

  const two = [await image('two/amd'), await image('two/arm', 'arm64')] as const
  const twoIndex = await index('two', ...two)
  for (const each of two) await pull(each, 'two:1', twoIndex)

  const both = [await image('both/amd'), await image('both/arm', 'arm64')] as const
  const bothIndex = await index('both', ...both)
  await pull(both[0], 'both:amd', bothIndex)
  await pull(both[1], 'both:arm', bothIndex)

  for (const label of ['moved-1', 'moved-2']) await pull(await image(label), 'moved:1')

  const asked = await image('asked')
  await store.put(asked, asked.manifest, `asked@${asked.manifest.digest}`)
  await pull(await image('beside-tag'), 'beside:1')
  const beside = await image('beside/amd')
  const besideIndex = await index('beside', beside)
  await store.put(beside, besideIndex.manifest, `beside@${besideIndex.manifest.digest}`)

  for (const each of await twice('tags')) await pull(each, `tags:${labels.get(each.manifest.digest)?.slice(-4)}`)
  for (const each of await twice('again')) await pull(each, 'again:1')
  const [gzip, zstd] = await twice('pair')
  await pull(gzip, 'pair:1')
  await pull(zstd, 'pair:2', await index('pair', zstd, gzip))
  const [swept, kept] = await twice('swept')
  for (const each of [swept, kept]) await pull(each, 'swept:1')
  for (const { descriptor } of swept.layers) await content.delete(descriptor.digest)

  const deep = await image('nested/amd')
  await pull(
    deep,
    'nested:1',
    await index('nested', await index('nested/inner', await image('nested/arm', 'arm64'), deep)),
  )

  const lost = await image('lost/amd')
  const lostIndex = await index('lost', lost)
  await pull(lost, 'lost:1', lostIndex)
  await content.delete(lostIndex.manifest.digest)

  const dangling = await image('dangling')
  await store.put(dangling, dangling.manifest)

  const many = await image('many')
  await pull(many, 'many:1')
  await store.put(many, many.manifest, 'a:1', 'b:1', 'b:2', 'ghcr.io/x/y:z')
  await store.remove(['b:1'])

  const gone = await image('gone')
  await pull(gone, 'gone:1')
  await store.remove(['gone:1', `gone@${gone.manifest.digest}`], gone)

  const [artifact, untagged] = [await image('artifact'), await image('untagged')]
  await store.name(artifact.manifest, `artifact@${artifact.manifest.digest}`, 'artifact:1')
  await store.name(untagged.manifest, 'untagged:1')
  await store.remove(['untagged:1'])
  await store.name((await index('pushed', await image('pushed/arm', 'arm64'))).manifest, 'pushed:1')

  const old = await image('old/amd', 'amd64', 'docker')
  const target = await signedSchema1(old, content)
  labels.set(target.digest, 'old')
  await store.put(old, target, `old@${target.digest}`, 'old:1')

  return { labels, held: [...HELD].sort() }
}

/** An image as signed schema 1, whose bytes are stored with the signatures. */
async function signedSchema1(image: TestImage, content: MemoryStore): Promise<Descriptor> {
  const config = decodeImageConfig(image.configBytes, image.config)
  const { bytes: payload } = encodeSchema1(image.manifestValue, config, { name: 'old', tag: '1' })
  const bytes = await signSchema1(payload)
  const mediaType = MEDIA_TYPES.schema1Signed
  await writeBlob(
    content,
    { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.byteLength },
    bytes,
  )
  return withSignedBytes({ mediaType, digest: digestOf(payload), size: payload.byteLength }, bytes)
}

const HELD: readonly string[] = [
  'again-gzip: again@again-gzip = again-gzip',
  'again-zstd: again:1 again@again-zstd = again-zstd',
  'artifact: artifact:1 artifact@artifact =',
  'asked: asked@asked! = asked',
  'beside: beside@beside! = beside/amd',
  'beside-tag: beside:1 beside@beside-tag = beside-tag',
  'both: both:amd both:arm both@both = both/amd both/arm',
  'dangling: = dangling',
  'docker: docker:1 docker@docker = docker',
  'lost: lost:1 lost@lost = lost/amd',
  'many: a:1 b:2 many:1 many@many ghcr.io/x/y:z = many',
  'moved-1: moved@moved-1 = moved-1',
  'moved-2: moved:1 moved@moved-2 = moved-2',
  'nested: nested:1 nested@nested = nested/amd + nested/inner',
  'old: old:1 old@old = old/amd',
  'one: one:1 one@one = one/amd',
  'pair: pair:2 pair@pair = pair-zstd pair-gzip',
  'pair-gzip: pair:1 pair@pair-gzip = pair-gzip',
  'pushed: pushed:1 =',
  'single: single:1 single@single = single',
  'swept-gzip: swept@swept-gzip = swept-zstd',
  'swept-zstd: swept:1 swept@swept-zstd = swept-zstd',
  'tags-gzip: tags:gzip tags@tags-gzip = tags-gzip',
  'tags-zstd: tags:zstd tags@tags-zstd = tags-zstd',
  'two: two:1 two@two = two/arm',
  'two/amd: = two/amd',
]
