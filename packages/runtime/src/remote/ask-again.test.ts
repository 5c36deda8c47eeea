import { collect, fromBytes } from '@drayage/bytes'
import { jsonResponse, type HttpClient, type HttpResponse } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { parseReference, type Reference } from '@drayage/reference'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { inspectImage } from '../images/inspect-image.ts'
import { pullAllTags } from '../images/pull-image.ts'
import type { Runtime } from '../runtime.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { checkLogin } from './check-login.ts'
import { deleteRemote } from './delete-remote.ts'
import { remoteCatalog, remoteReferrers, remoteTags, searchRemote } from './list-remote.ts'
import { remoteBlob } from './remote-blob.ts'
import { openRemote, remoteConfig, remoteManifest, resolveRemote } from './remote.ts'

let work: TempDir
beforeEach(async () => void (work = await tempDir()))
afterEach(() => work[Symbol.asyncDispose]())

const listOf = async (items: AsyncIterable<string>): Promise<string[]> => {
  const all: string[] = []
  for await (const item of items) all.push(item)
  return all
}

const answer = (status: number, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body: fromBytes('odd'),
})

/** Answers each request once with a failure before it is served. */
function failingOnce(status: number, headers: Record<string, string> = {}): (handler: HttpClient) => HttpClient {
  const seen = new Set<string>()
  return (handler) => async (request) => {
    const key = `${request.method} ${request.url}`
    if (seen.has(key)) return await handler(request)
    seen.add(key)
    return answer(status, headers)
  }
}

/** Wants a token for each request; its token server, and nothing else, fails once for each token. */
function failingTokens(status: number, headers: Record<string, string> = {}): (handler: HttpClient) => HttpClient {
  const failing = failingOnce(status, headers)(async () => jsonResponse(200, { token: 'good' }))
  return (handler) => async (request) => {
    const { origin, pathname } = new URL(request.url)
    if (pathname === '/token') return await failing(request)
    if (request.headers['authorization'] === 'Bearer good') return await handler(request)
    return answer(401, { 'www-authenticate': `Bearer realm="${origin}/token",service="test"` })
  }
}

interface Scene {
  readonly runtime: Runtime
  readonly registry: TestRegistry
  readonly name: Reference
  readonly image: TestImage
}

/** What is looked at, and what is to be seen. */
const LOOKS: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  resolveRemote: async ({ runtime, name }) => {
    await expect(resolveRemote(runtime, name)).resolves.toHaveProperty('digest')
  },
  remoteManifest: async ({ runtime, name, image }) => {
    const { descriptor } = await remoteManifest(runtime, name, { selectPlatform: true })
    expect(descriptor.digest).toBe(image.manifest.digest)
  },
  remoteConfig: async ({ runtime, name, image }) => {
    expect((await remoteConfig(runtime, name)).descriptor.digest).toBe(image.config.digest)
  },
  remoteTags: async ({ runtime, name }) => expect(await listOf(remoteTags(runtime, name))).toEqual(['1', '2']),
  remoteCatalog: async ({ runtime, registry }) =>
    expect(await listOf(remoteCatalog(runtime, registry.host))).toEqual(['app']),
  remoteReferrers: async ({ runtime, name, image }) => {
    for await (const each of remoteReferrers(runtime, name, image.manifest.digest)) expect(each).toBeUndefined()
  },
  remoteBlob: async ({ runtime, name, image }) => {
    const bytes = await collect(remoteBlob(runtime, name, image.config.digest), { maxBytes: 65_536 })
    expect(bytes.byteLength).toBe(image.config.size)
  },
  checkLogin: async ({ runtime, registry }) => {
    const login = { serverAddress: registry.host, username: 'u', password: 'p' }
    expect(await checkLogin(runtime, login)).toMatchObject({ status: 'Login Succeeded' })
  },
  inspectImage: async ({ runtime, name, image }) => {
    const inspected = await inspectImage(runtime, `docker://${name.domain}/app:1`)
    expect(inspected.Id).toBe(image.imageId)
  },
  pullAllTags: async ({ runtime, name }) => expect(await pullAllTags(runtime, `${name.domain}/app`)).toHaveLength(2),
  deleteRemote: async ({ runtime, name }) => {
    expect(await deleteRemote(runtime, name)).toMatchObject({ kind: 'tag' })
    await expect(resolveRemote(runtime, name)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  },
}

async function look(wrap: (handler: HttpClient) => HttpClient, run: (scene: Scene) => Promise<void>): Promise<void> {
  await using registry = await startRegistry(wrap)
  await using runtime = await openTestRuntime(work.path, { retry: { attempts: 5, stepMs: 0 } })
  const image = await buildImage()
  const index = buildIndex([image])
  const reference = parseReference(await registry.push('app', '1', index))
  await registry.push('app', '2', index)
  await run({ runtime, registry, name: reference, image })
  expect(registry.requests.some(({ status }) => status >= 429)).toBe(true)
}

describe.each([500, 502, 503, 429])('a look that is answered %d once', (status) => {
  const headers = { 'retry-after': '0' }
  test.each(Object.entries(LOOKS))('by the registry succeeds: %s()', async (_, run) => {
    await look(failingOnce(status, headers), run)
  })
  test.each(Object.entries(LOOKS))('by the token server succeeds: %s()', async (_, run) => {
    await look(failingTokens(status, headers), run)
  })
})

test('a look waits as long as the registry asks, and says so', async () => {
  await using registry = await startRegistry(failingOnce(429, { 'retry-after': '1' }))
  await using runtime = await openTestRuntime(work.path)
  const name = await registry.push('app', '1', await buildImage())
  const events: DistributionEvent[] = []
  await resolveRemote(runtime, parseReference(name), { onEvent: (event) => events.push(event) })
  expect(events).toMatchObject([{ type: 'retrying', what: `"${name}"`, secondsLeft: 1 }])
})

test('a look at what is not there, or is denied, is not repeated', async () => {
  await using registry = await startRegistry(
    (handler) => async (request) => (request.url.endsWith('/tags/list') ? answer(403) : await handler(request)),
  )
  await using runtime = await openTestRuntime(work.path)
  const name = parseReference(`${registry.host}/none:1`)
  await expect(resolveRemote(runtime, name)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  await expect(listOf(remoteTags(runtime, name))).rejects.toMatchObject({ status: 403 })
  const asked = registry.requests.map(({ method, path }) => `${method} ${path}`)
  expect(new Set(asked).size).toBe(asked.length)
})

test('a list whose later page fails is given whole, and nothing of it twice', async () => {
  let failures = 1
  await using registry = await startRegistry(() => async ({ url }) => {
    if (!url.includes('last='))
      return jsonResponse(200, { tags: ['a', 'b'] }, { link: '</v2/app/tags/list?last=b>; rel="next"' })
    return failures-- > 0 ? answer(503) : jsonResponse(200, { tags: ['c'] })
  })
  await using runtime = await openTestRuntime(work.path)
  const name = parseReference(`${registry.host}/app`)
  expect(await listOf(remoteTags(runtime, name))).toEqual(['a', 'b', 'c'])
})

test('a deletion whose answer is lost has deleted', async () => {
  let isLost = true
  await using registry = await startRegistry((handler) => async (request) => {
    const response = await handler(request)
    if (request.method !== 'DELETE' || !isLost) return response
    isLost = false
    return answer(500)
  })
  await using runtime = await openTestRuntime(work.path)
  const name = parseReference(await registry.push('app', '1', await buildImage()))
  expect(await deleteRemote(runtime, name)).toMatchObject({ kind: 'tag' })
  await expect(openRemote(runtime, name).resolve(name)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  await expect(deleteRemote(runtime, name)).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
})

test('a search that fails once is made again', async () => {
  let failures = 1
  await using registry = await startRegistry(
    () => async () => (failures-- > 0 ? answer(503) : jsonResponse(200, { results: [{ name: 'app' }] })),
  )
  await using runtime = await openTestRuntime(work.path)
  expect(await searchRemote(runtime, registry.host, 'app')).toMatchObject([{ name: 'app' }])
})
