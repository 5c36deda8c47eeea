import { readFile } from 'node:fs/promises'

import {
  createMemoryStore,
  readBlob,
  writeBlob,
  type HttpClient,
  type HttpRequest,
  type MemoryStore,
} from '@drayage/content'
import { parseReference, parseRepository } from '@drayage/reference'
import { createRegistryClient } from '@drayage/registry'
import { undiciClient } from '@drayage/registry/undici'
import { createMemoryStorage, createRegistryHandler, tokenAuth, type RegistryStorage } from '@drayage/registry-server'
import { withFaults, type Fault, type FaultEvent } from '@drayage/registry-server/faults'
import { serve } from '@drayage/registry-server/node'
import { buildImage, buildLayer, randomBytes, type TestImage } from '@drayage/testkit'
import { beforeAll, describe, expect, test } from 'vitest'

import { push } from '../index.ts'
import { codesOf, failure } from '../test/failure.ts'
import { push as fill } from '../test/test-registry.ts'

/** One line of `docs/push-through-faults.md`. */
interface Row {
  /** As the document has it. */
  readonly name: string
  readonly faults: (foreign: string) => readonly Fault[]
  /** `pushed`, or the codes of the failure, from the outside in. */
  readonly outcome: 'pushed' | readonly string[]
  /** Whether another repository holds the image, to be mounted from. */
  readonly hasBase?: boolean
  /** Whether bytes go to the other host. */
  readonly goesElsewhere?: boolean
  /** How often the faults happen at least; once by default. */
  readonly atLeast?: number
}

const PATCH = 'upload-patch'
const PUT = 'upload-put'
const LOST = ['ERR_TRANSFER', 'ERR_REGISTRY_UPLOAD', 'ERR_REGISTRY_NOT_FOUND']

const ROWS: readonly Row[] = [
  { name: 'session lost at PATCH', faults: () => [{ point: PATCH, kind: 'session-lost' }], outcome: 'pushed' },
  {
    name: 'session lost at PUT',
    faults: () => [{ point: PUT, kind: 'session-lost', times: 3 }],
    outcome: 'pushed',
    atLeast: 3,
  },
  {
    name: 'session lost at every PUT',
    faults: () => [{ point: PUT, kind: 'session-lost', times: 'always' }],
    outcome: LOST,
  },
  {
    name: 'answer lost to POST',
    faults: () => [{ point: 'upload-post', kind: 'answer-lost', times: 2 }],
    outcome: 'pushed',
  },
  { name: 'answer lost to PATCH', faults: () => [{ point: PATCH, kind: 'answer-lost' }], outcome: 'pushed' },
  {
    name: 'answer lost to PUT',
    faults: () => [{ point: PUT, kind: 'answer-lost', times: 3 }],
    outcome: 'pushed',
    atLeast: 3,
  },
  {
    name: 'answer lost to the manifest',
    faults: () => [{ point: 'manifest-put', kind: 'answer-lost', times: 2 }],
    outcome: 'pushed',
    atLeast: 2,
  },
  {
    name: '201 to PATCH',
    faults: () => [{ point: PATCH, kind: 'created-on-patch', times: 'always' }],
    outcome: 'pushed',
  },
  {
    name: 'no Range',
    faults: () => [{ point: [PATCH, 'upload-post'], kind: 'no-range', times: 'always' }],
    outcome: 'pushed',
  },
  {
    name: 'relative Location',
    faults: () => [
      { point: ['upload-post', PATCH], kind: 'location', form: 'relative', query: '_state=a%2Bb', times: 'always' },
    ],
    outcome: 'pushed',
    atLeast: 3,
  },
  {
    name: 'absolute Location',
    faults: () => [{ point: ['upload-post', PATCH], kind: 'location', form: 'absolute', times: 'always' }],
    outcome: 'pushed',
    atLeast: 3,
  },
  {
    name: 'Location on a foreign host',
    faults: (origin) => [{ point: 'upload-post', kind: 'location', form: 'foreign', origin, times: 'always' }],
    outcome: 'pushed',
    goesElsewhere: true,
    atLeast: 3,
  },
  {
    name: 'redirect of HEAD to a foreign host',
    faults: (origin) => [{ point: 'blob-head', kind: 'redirect-origin', origin, times: 'always' }],
    outcome: 'pushed',
    goesElsewhere: true,
    atLeast: 3,
  },
  {
    name: 'redirect of PATCH to a foreign host',
    faults: (origin) => [{ point: PATCH, kind: 'redirect-origin', origin, times: 'always' }],
    outcome: 'pushed',
    goesElsewhere: true,
  },
  {
    name: 'mount answered with 202',
    faults: () => [{ point: 'mount-post', kind: 'mount-declined', times: 'always' }],
    outcome: 'pushed',
    hasBase: true,
    atLeast: 3,
  },
  {
    name: 'mount answered with 401',
    faults: () => [{ point: 'mount-post', kind: 'expired-token', times: 'always' }],
    outcome: 'pushed',
    hasBase: true,
    atLeast: 3,
  },
  {
    name: 'mount answered with 403',
    faults: () => [{ point: 'mount-post', kind: 'forbidden', times: 'always' }],
    outcome: 'pushed',
    hasBase: true,
    atLeast: 3,
  },
  {
    name: 'tokens that live 5 s',
    faults: () => [{ point: 'token', kind: 'token-life', lifeMs: 5000, times: 'always' }],
    outcome: 'pushed',
    atLeast: 2,
  },
  { name: 'digest refused once', faults: () => [{ point: PUT, kind: 'digest-refused' }], outcome: 'pushed' },
  {
    name: 'digest refused always',
    faults: () => [{ point: PUT, kind: 'digest-refused', times: 'always' }],
    outcome: ['ERR_TRANSFER', 'ERR_REGISTRY_DIGEST_REFUSED'],
    atLeast: 2,
  },
  {
    name: 'a flipped bit in PATCH',
    faults: () => [{ point: PATCH, kind: 'bit-flip', atByte: 5000 }],
    outcome: 'pushed',
  },
  {
    name: '413 above 1 MiB',
    faults: () => [{ point: [PATCH, PUT], kind: 'too-large', bytes: 1024 * 1024, times: 'always' }],
    outcome: 'pushed',
  },
  {
    name: '413 above 1 KiB',
    faults: () => [{ point: [PATCH, PUT], kind: 'too-large', bytes: 1024, times: 'always' }],
    outcome: ['ERR_TRANSFER', 'ERR_REGISTRY'],
  },
  {
    name: 'reset at every tenth of a layer',
    faults: () => [{ point: PATCH, kind: 'reset-every', parts: 10, times: 'always' }],
    outcome: 'pushed',
    atLeast: 9,
  },
  {
    name: 'reset after every 500 KB of a layer',
    faults: () => [{ point: PATCH, kind: 'reset-every', bytes: 500_000, times: 'always' }],
    outcome: 'pushed',
    atLeast: 20,
  },
  {
    name: 'reset before any byte of a layer, always',
    faults: () => [{ point: PATCH, kind: 'body-reset', afterBytes: 0, times: 'always' }],
    outcome: ['ERR_TRANSFER', 'ERR_REGISTRY_UNREACHABLE', 'ECONNRESET'],
    atLeast: 5,
  },
  {
    name: '429 with Retry-After in seconds',
    faults: () => [{ point: ['upload-post', 'manifest-put'], kind: 'rate-limited', retryAfterSeconds: 1, times: 3 }],
    outcome: 'pushed',
  },
  {
    name: '429 with Retry-After as a date',
    faults: () => [{ point: 'blob-head', kind: 'rate-limited', retryAfterSeconds: 1, form: 'date' }],
    outcome: 'pushed',
  },
  {
    name: '429 always',
    faults: () => [{ point: 'manifest-put', kind: 'rate-limited', form: 'none', times: 'always' }],
    outcome: ['ERR_TRANSFER', 'ERR_REGISTRY_RATE_LIMITED'],
    atLeast: 5,
  },
  {
    name: 'a burst of 500',
    faults: () => [
      {
        point: ['blob-head', 'upload-post', PATCH, PUT, 'manifest-head-digest', 'manifest-put'],
        kind: 'server-error',
        times: 4,
      },
    ],
    outcome: 'pushed',
    atLeast: 4,
  },
  {
    name: '503 always',
    faults: () => [{ point: PUT, kind: 'server-error', status: 503, times: 'always' }],
    outcome: ['ERR_TRANSFER', 'ERR_REGISTRY'],
    atLeast: 5,
  },
]

const to = parseReference('placeholder.test/team/app:v1')
const retry = { attempts: 5, stepMs: 0 }
const [USER, PASSWORD] = ['pusher', 'never-to-be-seen']
const TENTH = 1_200_000

let image: TestImage
let source: MemoryStore

beforeAll(async () => {
  const layers = [
    await buildLayer([{ path: 'large', content: randomBytes(1, 10 * TENTH) }], { compression: 'none' }),
    await buildLayer([{ path: 'small', content: randomBytes(2, 300_000) }], { compression: 'none' }),
  ]
  image = await buildImage({ layers })
  source = createMemoryStore()
  for (const [digest, bytes] of image.blobs) {
    await writeBlob(source, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
})

interface Faulty extends AsyncDisposable {
  readonly host: string
  readonly storage: RegistryStorage
  readonly happened: FaultEvent[]
  /** What came to the registry and to the other host. */
  readonly asked: HttpRequest[]
  readonly elsewhere: HttpRequest[]
}

/** A registry behind tokens and faults, and another host that takes what it is sent without asking who sends it. */
async function faulty(row: Row): Promise<Faulty> {
  const storage = createMemoryStorage()
  if (row.hasBase === true) await fill(storage, 'team/base', 'v1', image)
  const registry = createRegistryHandler({ storage })
  const [asked, elsewhere, happened]: [HttpRequest[], HttpRequest[], FaultEvent[]] = [[], [], []]
  let clockMs = 0
  const noting =
    (into: HttpRequest[], next: HttpClient): HttpClient =>
    (request) => {
      into.push(request)
      return next(request)
    }
  /** One second goes by for every half megabyte of a request. */
  const slow =
    (next: HttpClient): HttpClient =>
    (request) => {
      const { body } = request
      if (body === undefined) return next(request)
      async function* counted(stream: NonNullable<HttpRequest['body']>) {
        for await (const chunk of stream) {
          clockMs += chunk.byteLength / 500
          yield chunk
        }
      }
      return next({ ...request, body: counted(body) })
    }
  const other = await serve(noting(elsewhere, registry), { graceMs: 0 })
  const guarded = tokenAuth({ users: new Map([[USER, PASSWORD]]) })(registry)
  const behind = withFaults(guarded, row.faults(other.url), {
    now: () => clockMs,
    onFault: (event) => happened.push(event),
  })
  const server = await serve(noting(asked, slow(behind)), { graceMs: 0 })
  return {
    host: server.host,
    storage,
    happened,
    asked,
    elsewhere,
    async [Symbol.asyncDispose]() {
      await server.close()
      await other.close()
    },
  }
}

describe('push() through', () => {
  test.each(ROWS)('$name', async (row) => {
    await using registry = await faulty(row)
    await using http = undiciClient()
    const client = createRegistryClient({ http, credentials: async () => ({ username: USER, password: PASSWORD }) })
    const name = { ...to, domain: registry.host }
    const mountFrom = async () => (row.hasBase === true ? [parseRepository(`${registry.host}/team/base`)] : [])
    const pushing = push(source, client.repository(name), { from: image.manifest, to: name }, { retry, mountFrom })
    const { storage } = registry
    if (row.outcome === 'pushed') {
      expect(await pushing).toEqual(image.manifest)
      expect(await storage.tags.get('team/app', 'v1')).toBe(image.manifest.digest)
      for (const what of [image.config, ...image.layers.map(({ descriptor }) => descriptor)]) {
        expect(await storage.blobs.find('team/app', what.digest)).toBeDefined()
        // Reading verifies.
        await readBlob(storage.content, what, { maxBytes: what.size })
      }
      expect(await readBlob(storage.content, image.manifest, { maxBytes: 65_536 })).toEqual(image.manifestBytes)
    } else {
      expect(codesOf(await failure(pushing))).toEqual(row.outcome)
      expect(await storage.tags.get('team/app', 'v1')).toBeUndefined()
      expect(await storage.manifests.find('team/app', image.manifest.digest)).toBeUndefined()
    }
    expect(registry.happened.length).toBeGreaterThanOrEqual(row.atLeast ?? 1)
    expect(registry.elsewhere.length > 0).toBe(row.goesElsewhere === true)
    expectNoSecrets(registry)
  })

  test('every fault that the document names, and no other', async () => {
    const document = await readFile(new URL('../../../../docs/push-through-faults.md', import.meta.url), 'utf8')
    const named = [...document.matchAll(/^\| ([^|]+?) \| [^|]+ \| (pushed|`ERR_[A-Z_]+`) \|$/gm)].map(
      ([, name, outcome]) => `${name}: ${outcome}`,
    )
    expect(named).toEqual(
      ROWS.map(({ name, outcome }) => `${name}: ${outcome === 'pushed' ? outcome : `\`${outcome[1]}\``}`),
    )
  })
})

/** The registry got credentials; the other host got none, in no header and no URL. */
function expectNoSecrets({ asked, elsewhere }: Faulty): void {
  const secrets = new Set(asked.flatMap(({ headers }) => headers['authorization']?.split(' ').at(-1) ?? []))
  expect(secrets.size).toBeGreaterThan(0)
  for (const { url, headers } of elsewhere) {
    expect(Object.keys(headers)).not.toContain('authorization')
    const text = JSON.stringify([url, headers])
    for (const secret of [...secrets, PASSWORD]) expect(text).not.toContain(secret)
  }
}
