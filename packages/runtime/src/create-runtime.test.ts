import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { jsonResponse, type HttpClient } from '@drayage/content'
import { DEFAULT_CONCURRENT_DOWNLOADS } from '@drayage/distribution'
import { parseReference } from '@drayage/reference'
import type { Credentials } from '@drayage/registry'
import { basicAuth } from '@drayage/registry-server'
import { buildImage, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createRuntime } from './create-runtime.ts'
import { runnablePlatform } from './host-platform.ts'
import { remoteManifest } from './remote/remote.ts'
import { openTestRuntime } from './test/open-test-runtime.ts'
import { startRegistry } from './test/test-registry.ts'
import type { Runtime } from './runtime.ts'

test('createRuntime() takes its defaults from the environment, and creates nothing', async () => {
  await using directory = await tempDir()
  const store = path.join(directory.path, 'store')
  const env = { DRAYAGE_STORE: store, DOCKER_DEFAULT_PLATFORM: 'linux/arm/v6' }
  await using runtime = await createRuntime({ env, home: directory.path })
  expect(runtime.store.location).toBe(store)
  expect(runtime.platform).toEqual({ os: 'linux', architecture: 'arm', variant: 'v6' })
  expect(runtime.transfers.limit).toBe(DEFAULT_CONCURRENT_DOWNLOADS)
  expect(DEFAULT_CONCURRENT_DOWNLOADS).toBe(3)
  await using plain = await createRuntime({ env: {}, home: directory.path })
  expect(plain.platform).toEqual(runnablePlatform())
  expect(existsSync(store)).toBe(false)
  await expect(createRuntime({ env: { DOCKER_DEFAULT_PLATFORM: '///' } })).rejects.toMatchObject({
    code: 'ERR_PLATFORM_SYNTAX',
  })
})

test('openStore() opens one store, and tries again after a failure', async () => {
  await using directory = await tempDir()
  await using runtime = await openTestRuntime(directory.path)
  const version = path.join(runtime.store.location, 'version')
  {
    await using other = await openTestRuntime(directory.path)
    await other.openStore()
  }
  await writeFile(version, '99\n')
  await expect(runtime.openStore()).rejects.toMatchObject({ code: 'ERR_STORE_LAYOUT' })
  await writeFile(version, '1\n')
  expect(await runtime.openStore()).toBe(await runtime.openStore())
})

test('a runtime whose store cannot be opened can be disposed', async () => {
  await using directory = await tempDir()
  await writeFile(path.join(directory.path, 'store'), '')
  const runtime = await openTestRuntime(directory.path)
  await expect(runtime.openStore()).rejects.toMatchObject({ code: 'ERR_STORE_UNWRITABLE' })
  await runtime[Symbol.asyncDispose]()
})

test('createRuntime() takes credentials and headers of its caller', async () => {
  await using directory = await tempDir()
  const seen: (string | undefined)[] = []
  const users = new Map([['me', 'secret']])
  await using registry = await startRegistry((handler) => async (request) => {
    seen.push(request.headers['x-meta-build'])
    return await basicAuth({ users })(handler)(request)
  })
  const name = await registry.push('app', '1', await buildImage())
  const credentials = async (): Promise<Credentials> => ({ username: 'me', password: 'secret' })
  await using runtime = await openTestRuntime(directory.path, { credentials, headers: { 'x-meta-build': '42' } })
  expect((await remoteManifest(runtime, parseReference(name))).kind).toBe('image')
  expect(new Set(seen)).toEqual(new Set(['42']))
})

test('a token server elsewhere sees the login where a setting says so, and the error names the setting', async () => {
  await using directory = await tempDir()
  const seen: (string | undefined)[] = []
  const http: HttpClient = async ({ url, headers }) => {
    const { hostname, pathname } = new URL(url)
    const login = headers['authorization']
    if (hostname === 'auth.elsewhere.example') {
      seen.push(login)
      return login === undefined ? jsonResponse(401, {}) : jsonResponse(200, { token: 't' })
    }
    if (login === 'Bearer t' && pathname.endsWith('/tags/list')) return jsonResponse(200, { tags: ['1'] })
    const challenge = 'Bearer realm="https://auth.elsewhere.example/token",service="s"'
    return { ...jsonResponse(401, {}), headers: { 'www-authenticate': challenge } }
  }
  const open = (trustedRealms: readonly string[]): Promise<Runtime> =>
    openTestRuntime(directory.path, {
      registries: { trustedRealms },
      credentials: async () => ({ username: 'u', password: 'p' }),
      wrapTransport: () => http,
    })
  const tagsWith = async (realms: readonly string[]): Promise<string[]> => {
    await using runtime = await open(realms)
    return await Array.fromAsync(runtime.registry.repository('registry.example/app').tags())
  }
  await expect(tagsWith([])).rejects.toMatchObject({
    message: expect.stringContaining('the login was withheld from token server auth.elsewhere.example'),
    hint: expect.stringContaining('trusted-realms "registry.example=auth.elsewhere.example"'),
  })
  await expect(tagsWith(['other.example=auth.elsewhere.example'])).rejects.toBeDefined()
  expect(seen.every((login) => login === undefined)).toBe(true)
  expect(await tagsWith(['registry.example=auth.elsewhere.example'])).toEqual(['1'])
  expect(seen.at(-1)).toBe(`Basic ${btoa('u:p')}`)
})
