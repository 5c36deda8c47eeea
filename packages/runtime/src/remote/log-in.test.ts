import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { basicAuth, createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { checkLogin } from './check-login.ts'
import { logIn, logOut } from './log-in.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'

let work: TempDir
let server: HttpServer
beforeEach(async () => {
  work = await tempDir()
  const auth = basicAuth({ users: new Map([['alice', 'secret']]) })
  server = await serve(auth(createRegistryHandler({ storage: createMemoryStorage() })), { graceMs: 0 })
})
afterEach(async () => {
  await server.close()
  await work[Symbol.asyncDispose]()
})

const config = (): string => path.join(work.path, 'home/.docker/config.json')
const login = (password = 'secret'): Parameters<typeof logIn>[1] => ({
  serverAddress: `http://${server.host}/v1/`,
  username: 'alice',
  password,
})

test('logIn() keeps what the registry accepts, for pulls, and logOut() forgets it', async () => {
  await using runtime = await openTestRuntime(work.path)
  const stored = { path: config() }
  expect(await logIn(runtime, login())).toEqual({
    host: server.host,
    status: 'Login Succeeded',
    stored,
    isHidden: false,
  })
  expect(JSON.parse(await readFile(config(), 'utf8'))).toEqual({
    auths: { [server.host]: { auth: btoa('alice:secret') } },
  })
  await using later = await openTestRuntime(work.path)
  const tags = later.registry.repository(`${server.host}/app`).tags()
  await expect(tags[Symbol.asyncIterator]().next()).rejects.toMatchObject({ status: 404 })
  await using last = await openTestRuntime(work.path)
  expect(await logOut(last, server.host)).toEqual({ host: server.host, wasLoggedIn: true, isStillLoggedIn: false })
  expect(await logOut(last, server.host)).toMatchObject({ wasLoggedIn: false })
})

test('nothing is kept of a login that the registry refuses', async () => {
  await using runtime = await openTestRuntime(work.path)
  await expect(logIn(runtime, login('wrong'))).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAUTHORIZED' })
  await expect(readFile(config())).rejects.toMatchObject({ code: 'ENOENT' })
})

test('checkLogin() keeps nothing', async () => {
  await using runtime = await openTestRuntime(work.path)
  expect(await checkLogin(runtime, login())).toEqual({ host: server.host, status: 'Login Succeeded' })
  await expect(checkLogin(runtime, { ...login(), serverAddress: 'not a host' })).rejects.toThrow(TypeError)
  await expect(readFile(config())).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a login that another file hides is reported', async () => {
  const hiding = path.join(work.path, 'home/.config/containers/auth.json')
  await mkdir(path.dirname(hiding), { recursive: true })
  await writeFile(hiding, JSON.stringify({ auths: { [server.host]: { auth: btoa('bob:other') } } }))
  await using runtime = await openTestRuntime(work.path)
  expect(await logIn(runtime, login())).toMatchObject({ isHidden: true })
  await using later = await openTestRuntime(work.path)
  expect(await logOut(later, server.host)).toMatchObject({ wasLoggedIn: true, isStillLoggedIn: true })
})
