import { readFile } from 'node:fs/promises'

import { observe } from '@drayage/bytes'
import { readBlob, type HttpClient } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import { createRegistryClient } from '@drayage/registry'
import { undiciClient } from '@drayage/registry/undici'
import { createMemoryStorage, createRegistryHandler, tokenAuth } from '@drayage/registry-server'
import { withFaults, type Fault, type FaultPoint } from '@drayage/registry-server/faults'
import { serve } from '@drayage/registry-server/node'
import { buildImage, buildLayer, randomBytes, type TestImage } from '@drayage/testkit'
import { beforeAll, describe, expect, test } from 'vitest'

import { pull } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { push as fill } from '../test/test-registry.ts'
import { pendingBytes, testStore, visible } from '../test/test-store.ts'

/** How much of the layer is read more than once: less than a hundredth of it, half of it, or all. */
type Again = 'nothing' | 'half' | 'the layer'

/** One line of `docs/pull-through-faults.md`. */
interface Row {
  /** As the document has it. */
  readonly name: string
  readonly faults: readonly Fault[]
  /** `pulled`, or the code behind `ERR_TRANSFER`. */
  readonly outcome: string
  /** Of the layer, when the image is pulled; nothing by default. */
  readonly again?: Again
}

const LAYER_BYTES = 2_000_000
const HALF = { afterBytes: LAYER_BYTES / 2 }
const LAYER = 'blob-get'
const CONFIG = 'config-get'
const MANIFEST = 'manifest-get-digest'
const HEAD = 'manifest-head-tag'
const EVERYTHING: readonly FaultPoint[] = ['token', HEAD, MANIFEST, CONFIG, LAYER]
const ALWAYS = { times: 'always' } as const

const once = (name: string, ...faults: readonly Fault[]): Row => ({ name, faults, outcome: 'pulled' })
const fails = (name: string, outcome: string, fault: Fault): Row => ({
  name,
  outcome,
  faults: [{ ...fault, ...ALWAYS }],
})
/** The second request for the layer, which asks for its second half. */
const rest = (name: string, again: Again, fault: Fault): Row => ({
  ...once(name, { point: LAYER, kind: 'body-reset', ...HALF }, { ...fault, match: { ranged: true } }),
  again,
})

const ROWS: readonly Row[] = [
  once('a reset in the middle of a layer', { point: LAYER, kind: 'body-reset', ...HALF }),
  once('a layer that ends early', { point: LAYER, kind: 'body-short', ...HALF }),
  once('a layer that stalls', { point: LAYER, kind: 'body-stall', ...HALF }),
  once('a layer that comes in drops', { point: LAYER, kind: 'body-drip', bytes: 400_000, everyMs: 1 }),
  once('chunks without an end', { point: LAYER, kind: 'chunked-truncated', ...HALF }),
  once('a chunk whose size is no number', { point: LAYER, kind: 'bad-chunk-size', ...HALF }),
  once('a reset at every quarter of a layer', { point: LAYER, kind: 'reset-every', parts: 4, ...ALWAYS }),
  once('a reset after every 100 KB of a layer', { point: LAYER, kind: 'reset-every', bytes: 100_000, ...ALWAYS }),
  fails('a reset before any byte of a layer, always', 'ERR_REGISTRY_TRUNCATED', {
    point: LAYER,
    kind: 'reset-after-headers',
  }),
  rest('a range that is ignored', 'half', { point: LAYER, kind: 'range-ignored' }),
  rest('a range that starts earlier', 'nothing', { point: LAYER, kind: 'range-shifted', by: -3 }),
  rest('a range that starts later', 'half', { point: LAYER, kind: 'range-shifted', by: 3 }),
  rest('a range that starts elsewhere and denies it', 'half', {
    point: LAYER,
    kind: 'range-shifted',
    by: -3,
    honest: false,
  }),
  rest('a range of another total', 'half', { point: LAYER, kind: 'range-wrong-total' }),
  rest('a range without Content-Range', 'half', { point: LAYER, kind: 'no-content-range' }),
  rest('416 to a range', 'half', { point: LAYER, kind: 'range-not-satisfiable' }),
  { ...once('a flipped bit in a layer', { point: LAYER, kind: 'bit-flip', atByte: 1_500_000 }), again: 'the layer' },
  fails('a flipped bit in a layer, always', 'ERR_DIGEST_MISMATCH', { point: LAYER, kind: 'bit-flip', atByte: 9 }),
  once('a flipped bit in a manifest', { point: MANIFEST, kind: 'bit-flip', atByte: 9 }),
  fails('a flipped bit in a manifest, always', 'ERR_DIGEST_MISMATCH', { point: MANIFEST, kind: 'bit-flip', atByte: 9 }),
  once('a flipped bit in a config', { point: CONFIG, kind: 'bit-flip', atByte: 9 }),
  fails('a flipped bit in a config, always', 'ERR_DIGEST_MISMATCH', { point: CONFIG, kind: 'bit-flip', atByte: 9 }),
  once('a Content-Length that is too large', { point: [CONFIG, LAYER], kind: 'wrong-size', times: 2 }),
  fails('a Content-Length that is too large, always', 'ERR_CONTENT_LONG', { point: LAYER, kind: 'wrong-size' }),
  once('two Content-Length', { point: [MANIFEST, CONFIG, LAYER], kind: 'duplicate-content-length', times: 3 }),
  once('no Content-Length', { point: 'any', kind: 'no-content-length', ...ALWAYS }),
  once('a web page in place of content', { point: [MANIFEST, CONFIG, LAYER], kind: 'html', times: 3 }),
  fails('a web page in place of content, always', 'ERR_REGISTRY_PROTOCOL', { point: LAYER, kind: 'html' }),
  once('404 to content that a manifest names', { point: [CONFIG, LAYER], kind: 'not-found', times: 2 }),
  fails('404 to content that a manifest names, always', 'ERR_CONTENT_NOT_FOUND', { point: LAYER, kind: 'not-found' }),
  once('405 to HEAD', { point: HEAD, kind: 'head-unsupported', ...ALWAYS }),
  once('404 to HEAD', { point: HEAD, kind: 'not-found' }),
  once('no Docker-Content-Digest', { point: 'any', kind: 'no-digest', ...ALWAYS }),
  once('another Docker-Content-Digest of a tag', { point: HEAD, kind: 'wrong-digest' }),
  once('another Docker-Content-Digest of a layer', { point: [CONFIG, LAYER], kind: 'wrong-digest', ...ALWAYS }),
  once('a redirect to itself', { point: [HEAD, MANIFEST, CONFIG, LAYER], kind: 'redirect-loop', times: 20 }),
  fails('a redirect to itself, always', 'ERR_URL_REFUSED', { point: LAYER, kind: 'redirect-loop' }),
  once('a token that has expired', { point: LAYER, kind: 'expired-token' }),
  once('404 from the token server', { point: 'token', kind: 'not-found' }),
  once('a web page from the token server', { point: 'token', kind: 'html' }),
  once('a reset before the answer', { point: EVERYTHING, kind: 'reset-before-headers', times: 4 }),
  once('a close before the answer', { point: EVERYTHING, kind: 'close-before-headers', times: 4 }),
  once('a reset after the headers', { point: EVERYTHING, kind: 'reset-after-headers', times: 4 }),
  once('no answer', { point: [MANIFEST, CONFIG, LAYER], kind: 'stall-before-headers', times: 2 }),
  once('429 with Retry-After', { point: [MANIFEST, LAYER], kind: 'rate-limited', retryAfterSeconds: 1, times: 2 }),
  once('429 without Retry-After', { point: EVERYTHING, kind: 'rate-limited', form: 'none', times: 4 }),
  once('a burst of 503', { point: EVERYTHING, kind: 'server-error', status: 503, times: 4 }),
  fails('503 always', 'ERR_REGISTRY', { point: LAYER, kind: 'server-error', status: 503 }),
]

const STALL_MS = 400
const SHARES: Readonly<Record<Again, readonly [from: number, to: number]>> = {
  nothing: [-0.01, 0.01],
  half: [0.45, 0.55],
  'the layer': [0.95, 1.05],
}

let image: TestImage

beforeAll(async () => {
  const layer = await buildLayer([{ path: 'large', content: randomBytes(1, LAYER_BYTES) }], { compression: 'none' })
  image = await buildImage({ layers: [layer] })
})

/** A registry behind tokens, which anyone gets, and faults. */
async function faulty(row: Row) {
  const storage = createMemoryStorage()
  await fill(storage, 'team/app', 'v1', image)
  const guarded = tokenAuth({ users: new Map(), allow: async () => true })(createRegistryHandler({ storage }))
  let happened = 0
  const behind = withFaults(guarded, row.faults, { onFault: () => void happened++ })
  const server = await serve(behind, { graceMs: 0 })
  return Object.assign(server, { happened: () => happened })
}

/** A transport that counts what is read of the layer. */
function counting(http: HttpClient) {
  let layerBytes = 0
  const client: HttpClient = async (request) => {
    const response = await http(request)
    const isLayer = request.url.endsWith(image.layers[0]?.descriptor.digest ?? '')
    if (!isLayer || response.status >= 300) return response
    return { ...response, body: observe(response.body, (_, chunk) => void (layerBytes += chunk.byteLength)) }
  }
  return { client, layerBytes: () => layerBytes }
}

describe('pull() through', () => {
  test.each(ROWS)('$name', async (row) => {
    await using registry = await faulty(row)
    await using http = undiciClient({ headersTimeoutMs: STALL_MS, bodyTimeoutMs: STALL_MS })
    const name = parseReference(`${registry.host}/team/app:v1`)
    const store = testStore()
    const options = { platform: image.platform, retry: { attempts: 5, stepMs: 0 } }
    const { client, layerBytes } = counting(http)
    const pulling = pull(createRegistryClient({ http: client }), store, name, options)
    if (row.outcome === 'pulled') {
      await pulling
      expect(await visible(store.blobs)).toEqual(new Set(image.blobs.keys()))
      for (const { descriptor, bytes } of image.layers) {
        expect(await readBlob(store.blobs, descriptor, { maxBytes: descriptor.size })).toEqual(bytes)
      }
      const size = image.layers[0]?.descriptor.size ?? 0
      const [from, to] = SHARES[row.again ?? 'nothing']
      const again = (layerBytes() - size) / size
      expect(again).toBeGreaterThan(from)
      expect(again).toBeLessThan(to)
    } else {
      expect(codesOf(await failure(pulling)).slice(0, 2)).toEqual(['ERR_TRANSFER', row.outcome])
      expect([store.names.size, store.imagesById.size, store.layersByChain.size]).toEqual([0, 0, 0])
      for (const digest of await visible(store.blobs)) {
        const bytes = image.blobs.get(digest) ?? new Uint8Array()
        const what = { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }
        expect(await readBlob(store.blobs, what, { maxBytes: what.size })).toEqual(bytes)
      }
      if (row.outcome === 'ERR_DIGEST_MISMATCH') {
        for (const { descriptor } of image.layers) expect(await pendingBytes(store.blobs, descriptor)).toBe(0)
      }
    }
    const finite = row.faults.map(({ times = 1 }) => (times === 'always' ? 1 : times))
    expect(registry.happened()).toBeGreaterThanOrEqual(finite.reduce((sum, each) => sum + each, 0))
  })

  test('every fault that the document names, and no other', async () => {
    const document = await readFile(new URL('../../../../docs/pull-through-faults.md', import.meta.url), 'utf8')
    const named = [...document.matchAll(/^\| ([^|]+?) \| [^|]+ \| ([^|]+?) \| (pulled|`ERR_[A-Z_]+`) \|$/gm)].map(
      ([, name, again, outcome]) => `${name}: ${again}, ${outcome}`,
    )
    const expected = ROWS.map(({ name, again = 'nothing', outcome }) =>
      outcome === 'pulled' ? `${name}: ${again}, pulled` : `${name}: -, \`${outcome}\``,
    )
    expect(named).toEqual(expected)
  })
})
