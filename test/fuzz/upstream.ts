import { once } from 'node:events'
import { createServer } from 'node:http'

import { fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { parseFaults, withFaults, type Fault } from '@drayage/registry-server/faults'
import { serveOn } from '@drayage/registry-server/node'

import type { Materials } from './materials.ts'
import { Random } from './random.ts'
import { TAGS } from './texts.ts'
import { createWild } from './wild.ts'

/** The registry that the daemons under test pull from and push to. */
export interface Upstream extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string
}

const HOSTILE_REPOSITORIES = 24

/**
 * Starts a registry: `good/app` is as it should be, `faulty0/app` to `faulty23/app` answer with faults, and `wild/` has under
 * every tag what is made from the tag's own name.
 */
export async function startUpstream(seed: number, materials: Materials): Promise<Upstream> {
  const registry = createRegistryHandler({ storage: createMemoryStorage() })
  const repositories = ['good', ...Array.from({ length: HOSTILE_REPOSITORIES }, (_, at) => `faulty${at}`)]
  for (const name of repositories) await fill(registry, `${name}/app`, materials)
  const faulty = repositories.map((_, at) => withFaults(registry, someFaults(new Random(seed, at)), { seed: at }))
  const wild = createWild(materials)
  const handler: HttpClient = async (request) => {
    const { pathname } = new URL(request.url)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (isRead && pathname.startsWith('/v2/wild/')) return await wild(pathname)
    const at = Number(/^\/v2\/faulty(\d+)\//.exec(pathname)?.[1] ?? -1)
    return await (faulty[at] ?? registry)(request)
  }
  const server = createServer({ keepAliveTimeout: 1000, requestTimeout: 0 })
  const served = serveOn(server, handler, { graceMs: 0 })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { host: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => served.close() }
}

async function fill(registry: HttpClient, repository: string, { images, index }: Materials): Promise<void> {
  const ask = async (method: string, target: string, body: Uint8Array, type: string): Promise<void> => {
    const headers = { 'content-type': type, 'content-length': String(body.byteLength) }
    const { status } = await registry({ method, url: `http://x${target}`, headers, body: fromBytes(body) })
    if (status !== 201) throw new Error(`Cannot fill the registry: found status ${status}, expected 201`)
  }
  for (const image of images) {
    for (const [digest, bytes] of image.blobs) {
      if (digest === image.manifest.digest) continue
      await ask('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, bytes, 'application/octet-stream')
    }
    await ask(
      'PUT',
      `/v2/${repository}/manifests/${image.manifest.digest}`,
      image.manifestBytes,
      image.manifest.mediaType,
    )
  }
  for (const [at, tag] of TAGS.entries()) {
    const { manifest, manifestBytes } = images[at] ?? index
    await ask('PUT', `/v2/${repository}/manifests/${tag}`, manifestBytes, manifest.mediaType)
  }
}

const SIMPLE_KINDS = [
  ...(['forbidden', 'not-found', 'html', 'head-unsupported', 'redirect-loop', 'body-reset', 'body-stall'] as const),
  ...(['bit-flip', 'body-short', 'body-long', 'wrong-size', 'no-digest', 'wrong-digest', 'no-content-length'] as const),
  ...(['header-flood', 'reset-before-headers', 'close-before-headers', 'stall-before-headers', 'tags-null'] as const),
  ...([
    'reset-after-headers',
    'chunked-truncated',
    'bad-chunk-size',
    'duplicate-content-length',
    'server-error',
  ] as const),
  ...(['answer-lost', 'session-lost', 'mount-declined', 'digest-refused', 'no-range', 'expired-token'] as const),
]

function someFaults(random: Random): readonly Fault[] {
  const redirects = ['http://127.0.0.1:1/', 'file:///etc/passwd', '//evil.test/', 'http://[::1]:1/x', 'nothing', '?']
  const faults = Array.from({ length: random.between(1, 4) }, (): object => {
    const when = { times: 'always', probability: random.pick([0.2, 0.5, 1]) } as const
    if (random.chance(0.1)) return { kind: 'redirect', point: 'any', to: random.pick(redirects), ...when }
    if (random.chance(0.1))
      return { kind: 'rate-limited', point: 'any', retryAfterSeconds: random.pick([0, 1, 1e9]), ...when }
    return { kind: random.pick(SIMPLE_KINDS), point: 'any', ...when }
  })
  return parseFaults(faults)
}
