// dray login and logout as a user runs them, against a registry on loopback that requires a login.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { basicAuth, createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { run, tempDir, type RunResult, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')
let scratch: TempDir
let server: HttpServer
const requests: string[] = []

beforeEach(async () => {
  requests.length = 0
  scratch = await tempDir()
  const locked = basicAuth({ users: new Map([['alice', 'secret']]) })
  server = await serve(locked(createRegistryHandler({ storage: createMemoryStorage() })), {
    graceMs: 0,
    onRequest: ({ method, path: asked }) => requests.push(`${method} ${asked}`),
  })
})
afterEach(async () => {
  await server.close()
  await scratch[Symbol.asyncDispose]()
})

const dray = (args: readonly string[], input?: string): Promise<RunResult> =>
  run(process.execPath, [program, ...args], {
    env: {
      HOME: scratch.path,
      DRAYAGE_STORE: path.join(scratch.path, 'store'),
      DOCKER_CONFIG: undefined,
      DOCKER_AUTH_CONFIG: undefined,
      REGISTRY_AUTH_FILE: undefined,
      XDG_CONFIG_HOME: undefined,
      XDG_RUNTIME_DIR: path.join(scratch.path, 'run'),
      XDG_DATA_HOME: undefined,
      HTTP_PROXY: 'http://127.0.0.1:1',
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NO_PROXY: '127.0.0.1',
    },
    ...(input !== undefined && { input }),
  })
const config = (): string => path.join(scratch.path, '.docker/config.json')

test('login keeps a password from a pipe, and logout forgets it', async () => {
  const { host } = server
  expect(await dray(['tags', `${host}/app`])).toMatchObject({ code: 4 })
  const login = await dray(['login', '-u', 'alice', '--password-stdin', host], 'secret\n')
  expect(login).toMatchObject({ code: 0, stdout: 'Login Succeeded\n' })
  expect(login.stderr).toBe(
    `dray: warning: the password is stored unencrypted in ${config()}; a credential helper would protect it\n`,
  )
  expect(JSON.parse(await readFile(config(), 'utf8'))).toEqual({ auths: { [host]: { auth: btoa('alice:secret') } } })
  expect(await dray(['tags', `${host}/app`])).toMatchObject({ code: 3 })
  expect(await dray(['logout', host])).toMatchObject({
    code: 0,
    stdout: `Removing login credentials for ${host}\n`,
    stderr: '',
  })
  expect(await dray(['logout', host])).toMatchObject({ code: 0, stdout: `Not logged in to ${host}\n` })
  expect(await dray(['tags', `${host}/app`])).toMatchObject({ code: 4 })
})

test('a wrong password is neither stored nor shown', async () => {
  const login = await dray(['--debug', 'login', '-u', 'alice', '--password-stdin', server.host], 'S3CR3T')
  expect(login).toMatchObject({ code: 4, stdout: '' })
  expect(login.stderr).toMatch(/^dray: Cannot GET/)
  expect(login.stderr).not.toContain('S3CR3T')
  await expect(readFile(config())).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a missing helper is an error, and no other registry is contacted', async () => {
  await mkdir(path.dirname(config()))
  const text = JSON.stringify({ credHelpers: { [server.host]: 'missing-for-sure' } })
  await writeFile(config(), text)
  const login = await dray(['login', '-u', 'alice', '--password-stdin', server.host], 'secret')
  expect(login).toMatchObject({ code: 1, stdout: '' })
  expect(login.stderr).toContain('missing-for-sure')
  expect(await readFile(config(), 'utf8')).toBe(text)
  expect(new Set(requests)).toEqual(new Set(['GET /v2/']))
})

test.each([
  ['no terminal', ['login', 'r.example']],
  ['no user name', ['login', '--password-stdin', 'r.example']],
  ['two passwords', ['login', '-u', 'a', '-p', 'b', '--password-stdin', 'r.example']],
  ['an empty password', ['login', '-u', 'a', '--password-stdin', 'r.example']],
  ['no host', ['login', '-u', 'a', '-p', 'b', 'not a host']],
])('login with %s is wrong usage', async (_, args) => {
  expect(await dray(args, '')).toMatchObject({ code: 2, stdout: '' })
})

test('a broken configuration of registries is named', async () => {
  const file = path.join(scratch.path, '.config/containers/registries.conf')
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, '[[registry]]\ninsecure = "yes"\n')
  const tags = await dray(['tags', `${server.host}/app`])
  expect(tags).toMatchObject({ code: 1 })
  expect(tags.stderr).toBe(
    `dray: Cannot use "${file}": found at registry[0].insecure another value, expected true or false\n`,
  )
  await writeFile(file, `[[registry]]\nlocation = "${server.host}"\nblocked = true\n`)
  expect(await dray(['tags', `${server.host}/app`])).toMatchObject({ code: 4 })
  expect(requests).toEqual([])
})
