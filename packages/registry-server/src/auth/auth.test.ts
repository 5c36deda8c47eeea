import { expect, test } from 'vitest'

import type { Allow } from './access.ts'
import { basicAuth } from './basic-auth.ts'
import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { codeOf, createTestClient, type TestClient } from '../test/client.ts'
import { tokenAuth } from './token-auth.ts'

const users = new Map([
  ['alice', 'pass:word'],
  ['bob', 'b0b'],
])

const basic = (login: string) => ({ authorization: `Basic ${btoa(login)}` })

/** Alice may do everything, Bob only what is below `bob/`, and everyone may pull what is below `public/`. */
const allow: Allow = async (user, { name, action }) =>
  user === 'alice' ||
  (user === 'bob' && (name === 'base' || name.startsWith('bob/'))) ||
  (action === 'pull' && name.startsWith('public/'))

async function withBlob() {
  const registry = createRegistryHandler({ storage: createMemoryStorage() })
  const digest = await createTestClient(registry).pushBlob('alice/app', 'secret')
  await createTestClient(registry).pushBlob('public/app', 'open')
  return { registry, digest }
}

test('basicAuth() challenges, lets users in and refuses wrong passwords', async () => {
  const { registry, digest } = await withBlob()
  const client = createTestClient(basicAuth({ users, realm: 'my "realm"' })(registry))
  const anonymous = await client.send('GET', '/v2/')
  expect([anonymous.status, codeOf(anonymous)]).toEqual([401, 'UNAUTHORIZED'])
  expect(anonymous.headers['www-authenticate']).toBe('Basic realm="my \\"realm\\""')
  expect((await client.send('GET', '/v2/', { headers: basic('alice:pass:word') })).status).toBe(200)
  expect((await client.send('GET', `/v2/alice/app/blobs/${digest}`, { headers: basic('bob:b0b') })).status).toBe(200)
  for (const authorization of [
    basic('alice:wrong').authorization,
    'Basic !',
    'Basic',
    basic('alice').authorization,
    'Bearer x',
  ]) {
    const reply = await client.send('GET', '/v2/', { headers: { authorization } })
    expect([authorization, reply.status]).toEqual([authorization, 401])
  }
})

test('basicAuth() gives each user only what is allowed, also through mounts', async () => {
  const { registry, digest } = await withBlob()
  const client = createTestClient(basicAuth({ users, allow })(registry))
  const bob = { headers: basic('bob:b0b') }
  const denied = await client.send('GET', `/v2/alice/app/blobs/${digest}`, bob)
  expect([denied.status, codeOf(denied)]).toEqual([403, 'DENIED'])
  const mount = await client.send('POST', `/v2/bob/app/blobs/uploads/?mount=${digest}&from=alice/app`, bob)
  expect(mount.status).toBe(202)
  expect((await client.send('HEAD', `/v2/bob/app/blobs/${digest}`, bob)).status).toBe(404)
  expect((await client.send('GET', '/v2/_catalog', bob)).status).toBe(403)
  expect((await client.send('GET', '/v2/INVALID/tags/list', bob)).status).toBe(400)
})

interface TokenReply {
  readonly token: string
  readonly access_token: string
  readonly expires_in: number
  readonly issued_at: string
  readonly refresh_token?: string
}

async function tokenFor(client: TestClient, scope: string, login?: string, more = ''): Promise<TokenReply> {
  const headers = login === undefined ? {} : basic(login)
  const reply = await client.send('GET', `/token?service=registry&scope=${encodeURIComponent(scope)}${more}`, {
    headers,
  })
  expect(reply.status).toBe(200)
  return JSON.parse(reply.text)
}

const bearer = ({ token }: TokenReply) => ({ headers: { authorization: `Bearer ${token}` } })

test('tokenAuth() challenges with realm, service and scope, and accepts the token that it issues', async () => {
  const { registry, digest } = await withBlob()
  let time = 0
  const client = createTestClient(tokenAuth({ users, allow, lifeMs: 60_000, now: () => time })(registry))
  const ping = await client.send('GET', '/v2/')
  expect(ping.headers['www-authenticate']).toBe('Bearer realm="http://registry.test/token",service="registry"')
  const path = `/v2/alice/app/blobs/${digest}`
  const challenged = await client.send('GET', path)
  expect(challenged.status).toBe(401)
  expect(challenged.headers['www-authenticate']).toBe(
    'Bearer realm="http://registry.test/token",service="registry",scope="repository:alice/app:pull"',
  )
  const token = await tokenFor(client, 'repository:alice/app:pull', 'alice:pass:word')
  expect(token).toMatchObject({ access_token: token.token, expires_in: 60, issued_at: '1970-01-01T00:00:00.000Z' })
  expect((await client.send('GET', path, bearer(token))).text).toBe('secret')
  const push = await client.send('POST', '/v2/alice/app/blobs/uploads/', bearer(token))
  expect(push.status).toBe(401)
  expect(push.headers['www-authenticate']).toContain(
    'scope="repository:alice/app:pull,push",error="insufficient_scope"',
  )
  time = 60_000
  const expired = await client.send('GET', path, bearer(token))
  expect([expired.status, expired.headers['www-authenticate']]).toEqual([
    401,
    expect.stringContaining('error="invalid_token"'),
  ])
})

test('tokenAuth() grants only what the user may do', async () => {
  const { registry, digest } = await withBlob()
  const client = createTestClient(tokenAuth({ users, allow, realm: 'https://auth.test/t', service: 's' })(registry))
  expect((await client.send('GET', '/v2/')).headers['www-authenticate']).toBe(
    'Bearer realm="https://auth.test/t",service="s"',
  )
  const bob = await tokenFor(client, 'repository:alice/app:pull repository:bob/app:pull,push', 'bob:b0b')
  expect((await client.send('GET', `/v2/alice/app/blobs/${digest}`, bearer(bob))).status).toBe(401)
  expect((await client.send('POST', '/v2/bob/app/blobs/uploads/', bearer(bob))).status).toBe(202)
  const mount = `/v2/bob/app/blobs/uploads/?mount=${digest}&from=alice/app`
  expect((await client.send('POST', mount, bearer(bob))).status).toBe(202)
  const anonymous = await tokenFor(client, 'repository:public/app:pull')
  expect((await client.send('GET', '/v2/', bearer(anonymous))).status).toBe(200)
  expect((await client.send('GET', '/v2/public/app/tags/list', bearer(anonymous))).status).toBe(200)
  expect((await client.send('GET', '/v2/base/tags/list', bearer(anonymous))).status).toBe(401)
  const all = await tokenFor(client, 'registry:catalog:*', 'alice:pass:word')
  expect((await client.send('GET', '/v2/_catalog', bearer(all))).status).toBe(200)
})

test('tokenAuth() asks for the source of a mount too, once the user may read it', async () => {
  const { registry, digest } = await withBlob()
  const client = createTestClient(tokenAuth({ users, allow })(registry))
  const mount = (from: string) => `/v2/bob/app/blobs/uploads/?mount=${digest}&from=${from}`
  const scopeOf = async (from: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const reply = await client.send('POST', mount(from), { headers })
    return reply.status === 401 ? /scope="([^"]*)"/.exec(reply.headers['www-authenticate'] ?? '')?.[1] : reply.status
  }
  expect(await scopeOf('public/app')).toBe('repository:bob/app:pull,push repository:public/app:pull')
  expect(await scopeOf('bob/app')).toBe('repository:bob/app:pull,push')
  for (const from of ['', 'A', '../x', 'a"b', 'a,b', 'a b']) {
    expect([from, await scopeOf(encodeURIComponent(from))]).toEqual([from, 'repository:bob/app:pull,push'])
  }
  const target = await tokenFor(client, 'repository:bob/app:pull,push', 'bob:b0b')
  const { headers } = bearer(target)
  expect(await scopeOf('bob/lib', headers)).toBe('repository:bob/app:pull,push repository:bob/lib:pull')
  // What the user may not read becomes an upload, as asking again would not help.
  expect(await scopeOf('alice/app', headers)).toBe(202)
  const alice = await tokenFor(client, 'repository:bob/app:pull,push repository:alice/app:pull', 'alice:pass:word')
  expect(await scopeOf('alice/app', bearer(alice).headers)).toBe(201)
})

test('tokenAuth() issues identity tokens, and accepts them and passwords in a form', async () => {
  const { registry } = await withBlob()
  const client = createTestClient(tokenAuth({ users, allow })(registry))
  const { refresh_token: identity = '' } = await tokenFor(client, '', 'alice:pass:word', '&offline_token=true')
  expect(identity).not.toBe('')
  const post = (fields: Record<string, string>) =>
    client.send('POST', '/token', { body: new URLSearchParams(fields).toString() })
  const scope = 'repository:alice/app:pull'
  const refreshed = await post({ grant_type: 'refresh_token', refresh_token: identity, service: 'registry', scope })
  expect((await client.send('GET', '/v2/alice/app/tags/list', bearer(JSON.parse(refreshed.text)))).status).toBe(200)
  const login = { grant_type: 'password', username: 'alice', password: 'pass:word', scope, access_type: 'offline' }
  expect(JSON.parse((await post(login)).text).refresh_token).toBeTypeOf('string')
  for (const fields of [
    { grant_type: 'refresh_token', refresh_token: 'no' },
    { ...login, password: 'no' },
    { ...login, grant_type: 'x' },
    { ...login, padding: 'x'.repeat(70_000) },
  ]) {
    expect((await post(fields)).status).toBe(401)
  }
  expect((await client.send('GET', '/token', { headers: basic('alice:no') })).status).toBe(401)
  expect((await client.send('PUT', '/token')).status).toBe(405)
})

test('tokenAuth() forgets nobody, however many tokens others ask for', async () => {
  const { registry } = await withBlob()
  const client = createTestClient(tokenAuth({ users, allow })(registry))
  const token = await tokenFor(client, 'repository:alice/app:pull', 'alice:pass:word')
  for (let count = 0; count < 10_001; count++) await client.send('GET', '/token?service=registry')
  expect((await client.send('GET', '/v2/alice/app/tags/list', bearer(token))).status).toBe(200)
})

test('tokenAuth() takes no token that it has not issued', async () => {
  const { registry } = await withBlob()
  const client = createTestClient(tokenAuth({ users, allow })(registry))
  const other = createTestClient(tokenAuth({ users, allow })(registry))
  const { token } = await tokenFor(client, 'repository:alice/app:pull', 'alice:pass:word')
  const { token: foreign } = await tokenFor(other, 'repository:alice/app:pull', 'alice:pass:word')
  const [body = '', seal = ''] = token.split('.')
  const changed = btoa(atob(body).replace('"pull"', '"push"')).replace(/=+$/, '')
  const identity = await tokenFor(client, '', 'alice:pass:word', '&offline_token=true')
  const forged = [`${changed}.${seal}`, `${body}.`, body, `.${seal}`, `${token}.x`, foreign, `${body}.${seal}AA`]
  for (const each of [...forged, identity.refresh_token ?? '']) {
    const reply = await client.send('GET', '/v2/alice/app/tags/list', { headers: { authorization: `Bearer ${each}` } })
    expect([each, reply.status]).toEqual([each, 401])
  }
})

test('tokenAuth() ends the tokens of a user who is removed or has another password', async () => {
  const { registry } = await withBlob()
  const changing = new Map(users)
  const client = createTestClient(tokenAuth({ users: changing, allow })(registry))
  const ask = async (): Promise<number[]> => {
    const list = await client.send('GET', '/v2/alice/app/tags/list', bearer(token))
    const fields = { grant_type: 'refresh_token', refresh_token: identity, scope: 'repository:alice/app:pull' }
    const body = new URLSearchParams(fields).toString()
    return [list.status, (await client.send('POST', '/token', { body })).status]
  }
  const token = await tokenFor(client, 'repository:alice/app:pull', 'alice:pass:word')
  const { refresh_token: identity = '' } = await tokenFor(client, '', 'alice:pass:word', '&offline_token=true')
  expect(await ask()).toEqual([200, 200])
  changing.set('alice', 'another')
  expect(await ask()).toEqual([401, 401])
  changing.delete('alice')
  expect(await ask()).toEqual([401, 401])
})
