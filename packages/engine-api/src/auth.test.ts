import { encodeText } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { basicAuth } from '@drayage/registry-server'
import { buildImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { startEngine, type TestEngine } from './test/engine.ts'
import { pushTestImage } from './test/push-image.ts'

let engine: TestEngine
/** Whether the registry asks who it is. */
let isGuarded: boolean

const RESULTS = [
  { name: 'team/hello', description: 'one', star_count: 3, is_official: false, is_automated: true },
  { name: 'hello', description: 'two', star_count: 30, is_official: true, is_automated: false },
]

function guard(registry: HttpClient): HttpClient {
  const guarded = basicAuth({ users: new Map([['alice', 'secret']]) })(registry)
  return async (request) => {
    if (new URL(request.url).pathname !== '/v1/search') return await (isGuarded ? guarded : registry)(request)
    const body = encodeText(JSON.stringify({ results: RESULTS }))
    return {
      status: 200,
      headers: {},
      body: (async function* () {
        yield body
      })(),
    }
  }
}

beforeEach(async () => {
  isGuarded = false
  engine = await startEngine(guard)
})
afterEach(async () => {
  expect(engine.errors).toEqual([])
  await engine[Symbol.asyncDispose]()
})

const login = async (fields: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
  const answer = await engine.ask('POST', '/auth', { body: JSON.stringify(fields) })
  return [answer.status, answer.json]
}

const header = (fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'x-registry-auth': Buffer.from(JSON.stringify(fields)).toString('base64url'),
})

test('a login is checked by the registry', async () => {
  isGuarded = true
  const serveraddress = engine.registry.host
  const good = await login({ username: 'alice', password: 'secret', serveraddress })
  expect(good).toEqual([200, { Status: 'Login Succeeded', IdentityToken: '' }])
  const [status, answer] = await login({ username: 'alice', password: 'wrong', serveraddress })
  expect([status, answer]).toEqual([401, { message: expect.stringContaining('unauthorized: authentication required') }])
  expect((await login({ username: 'alice', password: 'secret', serveraddress: 'a b' }))[0]).toBe(400)
})

test('pull, push and distribution use the login of their own request only', async () => {
  const image = await buildImage()
  const name = await pushTestImage(engine.registry.host, 'private/app', '1', image)
  isGuarded = true
  const alice = header({ username: 'alice', password: 'secret' })
  const pull = `/images/create?fromImage=${name}`
  const refusedPull = await engine.ask('POST', pull)
  expect([refusedPull.status, refusedPull.text]).toEqual([500, expect.stringContaining('no basic auth credentials')])
  const wrong = header({ username: 'alice', password: 'wrong' })
  expect((await engine.ask('POST', pull, { headers: wrong })).status).toBe(500)
  expect((await engine.ask('GET', `/distribution/${name}/json`)).status).toBe(401)
  expect((await engine.ask('GET', `/distribution/${name}/json`, { headers: alice })).status).toBe(200)
  expect((await engine.ask('POST', pull, { headers: alice })).lines.at(-1)?.['status']).toContain('Downloaded newer')
  expect((await engine.ask('POST', pull)).status).toBe(500)
  const refused = await engine.ask('POST', `/images/${name}/push`, {
    headers: header({ username: 'bob', password: 'x' }),
  })
  expect(refused.lines.at(-1)).toMatchObject({
    errorDetail: { message: expect.stringContaining('unauthorized') },
  })
  const pushed = await engine.ask('POST', `/images/${name}/push`, { headers: alice })
  expect(pushed.lines.at(-1)).toMatchObject({ aux: { Digest: image.manifest.digest } })
})

test('a search goes to the registry that the term names', async () => {
  const { host } = engine.registry
  const search = async (query: string) =>
    (await engine.ask('GET', `/v1.44/images/search?term=${host}/hello${query}`)).json
  expect(await search('')).toEqual(RESULTS)
  expect(await search('&limit=1')).toEqual(RESULTS.slice(0, 1))
  expect(await search('&filters={"is-official":["true"]}')).toEqual(RESULTS.slice(1))
  expect(await search('&filters={"is-automated":["true"],"stars":["2"]}')).toEqual(RESULTS.slice(0, 1))
  expect(await search('&filters={"stars":["10"]}')).toEqual(RESULTS.slice(1))
  for (const none of ['null', '{"stars":null}', '{"stars":[]}', '{}']) {
    expect(await search(`&filters=${none}`)).toEqual(RESULTS)
  }
})

test('no result of a search is automated since 1.45', async () => {
  const path = `/v1.45/images/search?term=${engine.registry.host}/hello`
  expect((await engine.ask('GET', path)).json).toEqual(RESULTS.map((each) => ({ ...each, is_automated: false })))
  expect((await engine.ask('GET', `${path}&filters={"is-automated":["true"]}`)).json).toEqual([])
})

test('a search with an invalid limit, filter or host is refused', async () => {
  const { host } = engine.registry
  for (const query of [
    `term=${host}/x&limit=101`,
    `term=${host}/x&limit=-1`,
    `term=${host}/x&filters={"stars":["many"]}`,
    `term=${host}/x&filters={"is-official":["perhaps"]}`,
    `term=${host}/x&filters={"bogus":["1"]}`,
    `term=user:password@${host}/x`,
    `term=${host}%3F:1/x`,
    'limit=1',
  ]) {
    expect([query, (await engine.ask('GET', `/images/search?${query}`)).status]).toEqual([query, 400])
  }
})

test('any text in a base64 login is left to the registry to judge', async () => {
  isGuarded = true
  for (const auth of ['QTo=', '/////w==', '!', 'AAAA'.repeat(100_000)]) {
    const body = JSON.stringify({ auth, serveraddress: engine.registry.host })
    expect([auth.slice(0, 9), (await engine.ask('POST', '/auth', { body })).status]).toEqual([auth.slice(0, 9), 401])
  }
  expect(engine.errors).toEqual([])
})

test('a login that is none of a registry is refused before one is asked', async () => {
  for (const body of ['', '{', '[]', '1', '"x"', '{"username":1}', '{"auth":{}}', '{}{}']) {
    expect([body, (await engine.ask('POST', '/auth', { body })).status]).toEqual([body, 400])
  }
  const body = JSON.stringify({ username: 'a', password: null, email: 1, serveraddress: engine.registry.host })
  expect((await engine.ask('POST', '/auth', { body })).status).toBe(200)
})
