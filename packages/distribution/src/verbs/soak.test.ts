import process from 'node:process'

import { readBlob } from '@drayage/content'
import { parseReference, type Reference } from '@drayage/reference'
import { createRegistryClient, type RegistryClient } from '@drayage/registry'
import { undiciClient } from '@drayage/registry/undici'
import { createMemoryStorage, createRegistryHandler, type RegistryStorage } from '@drayage/registry-server'
import { withFaults, type Fault } from '@drayage/registry-server/faults'
import { serve } from '@drayage/registry-server/node'
import { buildImage, buildLayer, randomBytes, type TestImage, type TestLayer } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { pull, push } from '../index.ts'
import { codesOf } from '../test/failure.ts'
import { storeOf, testStore, visible } from '../test/test-store.ts'

/** Pushes, and as many pulls. A longer run is `DRAYAGE_SOAK=500`; `DRAYAGE_SOAK_SEED` repeats one. */
const ROUNDS = Number(process.env['DRAYAGE_SOAK'] ?? 50)
const SEED = Number(process.env['DRAYAGE_SOAK_SEED'] ?? Date.now() % 1_000_000)
const SIDE_BY_SIDE = 4
/** How often one push or pull is repeated at most. */
const REPEATS = 50

const SESSION = ['upload-post', 'upload-patch', 'upload-get'] as const
const BODY = ['upload-patch', 'upload-put', 'manifest-put', 'blob-get', 'config-get'] as const
const READ = ['blob-get', 'config-get', 'manifest-get-tag', 'manifest-get-digest'] as const

/** What goes wrong; with its share of each it is one answer in five. */
const KINDS: readonly Fault[] = [
  { point: 'any', kind: 'answer-lost' },
  { point: 'any', kind: 'server-error', status: 503 },
  { point: 'any', kind: 'rate-limited', retryAfterSeconds: 0 },
  { point: 'any', kind: 'reset-before-headers' },
  { point: 'any', kind: 'close-before-headers' },
  { point: BODY, kind: 'body-reset', afterBytes: 100 },
  { point: ['upload-patch', 'upload-put', 'upload-get'], kind: 'session-lost' },
  { point: SESSION, kind: 'no-range' },
  { point: 'upload-patch', kind: 'created-on-patch' },
  { point: 'upload-put', kind: 'digest-refused' },
  { point: SESSION, kind: 'location', form: 'relative', query: '_state=x' },
  { point: READ, kind: 'body-short', afterBytes: 50 },
  { point: READ, kind: 'bit-flip', atByte: 7 },
  { point: READ, kind: 'html' },
  { point: 'blob-get', kind: 'range-ignored' },
  { point: ['blob-head', 'manifest-head-digest'], kind: 'head-unsupported' },
]
const FAULTS = KINDS.map((fault): Fault => ({ ...fault, times: 'always', probability: 0.035 }))

/** What a push or pull may fail with, at the end of its causes; all of it passes when it is repeated. */
const DECLARED = new Set([
  'ERR_REGISTRY',
  'ERR_REGISTRY_RATE_LIMITED',
  'ERR_REGISTRY_UNREACHABLE',
  'ERR_REGISTRY_UPLOAD',
  'ERR_REGISTRY_NOT_FOUND',
  'ERR_REGISTRY_DIGEST_REFUSED',
  'ERR_REGISTRY_TRUNCATED',
  'ERR_REGISTRY_PROTOCOL',
  'ERR_REGISTRY_UNSUPPORTED',
  'ERR_DIGEST_MISMATCH',
  'ERR_CONTENT_SHORT',
  'ERR_CONTENT_LONG',
  'ERR_JSON_SYNTAX',
])

const retry = { attempts: 5, stepMs: 0 }

/** Does `work` until it succeeds; every failure on the way is one that is declared. Gives how many there were. */
async function untilDone(work: () => Promise<unknown>, check: () => Promise<void>): Promise<number> {
  for (let failures = 0; failures < REPEATS; failures++) {
    try {
      await work()
      return failures
    } catch (error) {
      const codes = codesOf(error)
      if (!codes.some((code) => DECLARED.has(code))) throw error
      await check()
    }
  }
  throw new Error(`not done after ${REPEATS} repeats`)
}

/** Runs `work` for every number below `count`, a few at a time. */
async function forAll(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker))
}

/** Images that share layers; one in twenty has a layer that is too large for one request. */
async function imageOf(index: number): Promise<TestImage> {
  const layerOf = async (seed: number, bytes: number): Promise<TestLayer> =>
    await buildLayer([{ path: `noise-${seed}`, content: randomBytes(seed, bytes) }], { compression: 'none' })
  return await buildImage({
    layers: [await layerOf(index % 7, 3_000), await layerOf(1000 + index, index % 20 === 0 ? 4_500_000 : 2_000)],
  })
}

interface Soak {
  readonly storage: RegistryStorage
  readonly client: RegistryClient
  readonly nameOf: (index: number) => Reference
}

async function pushOne({ storage, client, nameOf }: Soak, index: number): Promise<number> {
  const image = await imageOf(index)
  const [source, to] = [await storeOf(image), nameOf(index)]
  const tagged = async (): Promise<string | undefined> => await storage.tags.get(to.path, to.tag ?? '')
  const failures = await untilDone(
    () => push(source, client.repository(to), { from: image.manifest, to }, { retry }),
    async () => expect([undefined, image.manifest.digest]).toContain(await tagged()),
  )
  expect(await tagged()).toBe(image.manifest.digest)
  for (const what of [image.config, ...image.layers.map(({ descriptor }) => descriptor)]) {
    expect(await storage.blobs.find(to.path, what.digest)).toBeDefined()
    expect(await readBlob(storage.content, what, { maxBytes: what.size })).toEqual(image.blobs.get(what.digest))
  }
  return failures
}

async function pullOne({ client, nameOf }: Soak, index: number): Promise<number> {
  const image = await imageOf(index)
  const store = testStore()
  const wrong = async (): Promise<string[]> =>
    [...(await visible(store.blobs))].filter((each) => !image.blobs.has(each))
  const failures = await untilDone(
    () => pull(client, store, nameOf(index), { platform: image.platform, retry }),
    async () => expect(await wrong()).toEqual([]),
  )
  expect(await visible(store.blobs)).toEqual(new Set(image.blobs.keys()))
  for (const { descriptor, bytes } of image.layers) {
    expect(await readBlob(store.blobs, descriptor, { maxBytes: descriptor.size })).toEqual(bytes)
  }
  expect([...store.imagesById.keys()]).toEqual([image.imageId])
  return failures
}

test(`${ROUNDS} pushes and ${ROUNDS} pulls with one answer in five faulted: none lost, none wrong (seed ${SEED})`, async () => {
  const storage = createMemoryStorage()
  let [answers, faults] = [0, 0]
  const handler = withFaults(createRegistryHandler({ storage }), FAULTS, { seed: SEED, onFault: () => void faults++ })
  await using server = await serve((request) => (answers++, handler(request)), { graceMs: 0 })
  await using http = undiciClient()
  const soak: Soak = {
    storage,
    client: createRegistryClient({ http }),
    nameOf: (index) => parseReference(`${server.host}/team/app${index % 5}:v${index}`),
  }
  let failures = 0
  await forAll(ROUNDS, async (index) => void (failures += await pushOne(soak, index)))
  await forAll(ROUNDS, async (index) => void (failures += await pullOne(soak, index)))
  // Otherwise the run shows little.
  expect(faults / answers).toBeGreaterThan(0.15)
  process.stderr.write(`${answers} answers, ${faults} faults, ${failures} failures that were repeated\n`)
})
