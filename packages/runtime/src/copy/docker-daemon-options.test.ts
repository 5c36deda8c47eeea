import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestHex, digestOf } from '@drayage/digest'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { dockerDaemonOptions } from './docker-daemon-options.ts'

const host = 'tcp://127.0.0.1:2376'

let home: TempDir
beforeEach(async () => void (home = await tempDir()))
afterEach(() => home[Symbol.asyncDispose]())

const optionsOf = (env: Record<string, string>): ReturnType<typeof dockerDaemonOptions> =>
  dockerDaemonOptions({ env, home: home.path })

async function put(file: string, text: string): Promise<void> {
  const target = path.join(home.path, file)
  await mkdir(path.dirname(target), { recursive: true })
  await writeFile(target, text)
}

/** A context as `docker context create` keeps it. */
async function addContext(name: string, meta: unknown, files: Record<string, string> = {}): Promise<void> {
  const id = digestHex(digestOf(name))
  await put(`.docker/contexts/meta/${id}/meta.json`, JSON.stringify(meta))
  for (const [file, text] of Object.entries(files)) await put(`.docker/contexts/tls/${id}/docker/${file}`, text)
}

test('dockerDaemonOptions() is the default engine where the user says nothing', async () => {
  expect(await optionsOf({})).toEqual({ host: 'unix:///var/run/docker.sock' })
  expect(await optionsOf({ DOCKER_HOST: '', DOCKER_CONTEXT: 'default' })).toEqual(await optionsOf({}))
  await put('.docker/config.json', '{"currentContext":"","auths":{}}')
  expect(await optionsOf({})).toEqual({ host: 'unix:///var/run/docker.sock' })
})

test('dockerDaemonOptions() reads DOCKER_HOST before contexts, and DOCKER_API_VERSION', async () => {
  await put('.docker/config.json', '{"currentContext":"remote"}')
  expect(await optionsOf({ DOCKER_HOST: host, DOCKER_API_VERSION: '1.40' })).toEqual({ host, apiVersion: '1.40' })
})

test('dockerDaemonOptions() reads certificates for DOCKER_TLS_VERIFY', async () => {
  const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1' }
  const failure = { code: 'ERR_DOCKER_HOST', host }
  await expect(optionsOf(env)).rejects.toMatchObject(failure)
  await put('.docker/ca.pem', 'a')
  expect(await optionsOf(env)).toEqual({ host, tls: { ca: 'a' } })
  for (const file of ['ca', 'cert', 'key']) await put(`certs/${file}.pem`, file)
  const certificates = path.join(home.path, 'certs')
  const tls = { ca: 'ca', cert: 'cert', key: 'key' }
  expect(await optionsOf({ ...env, DOCKER_CERT_PATH: certificates })).toEqual({ host, tls })
  expect(await optionsOf({ DOCKER_HOST: host, DOCKER_CERT_PATH: certificates })).toEqual({ host })
  const local = 'unix:///run/docker.sock'
  expect(await optionsOf({ ...env, DOCKER_HOST: local })).toEqual({ host: local })
})

test('dockerDaemonOptions() reads the context of the environment, then that of the configuration', async () => {
  const meta = { Name: 'remote', Endpoints: { docker: { Host: host, SkipTLSVerify: false } } }
  await addContext('remote', meta, { 'ca.pem': 'ca' })
  await addContext('local', { Endpoints: { docker: { Host: 'unix:///a.sock' } } })
  await put('.docker/config.json', '{"currentContext":"remote"}')
  expect(await optionsOf({})).toEqual({ host, tls: { ca: 'ca' } })
  expect(await optionsOf({ DOCKER_CONTEXT: 'local' })).toEqual({ host: 'unix:///a.sock' })
  expect(await optionsOf({ DOCKER_CONFIG: path.join(home.path, 'other') })).toEqual(
    await optionsOf({ DOCKER_CONTEXT: 'default' }),
  )
})

test('dockerDaemonOptions() refuses contexts and configurations that cannot be read', async () => {
  const code = 'ERR_DOCKER_HOST'
  await expect(optionsOf({ DOCKER_CONTEXT: 'none' })).rejects.toMatchObject({ code, host: 'context none' })
  await addContext('odd', { Endpoints: { kubernetes: {} } })
  await expect(optionsOf({ DOCKER_CONTEXT: 'odd' })).rejects.toMatchObject({ code })
  await put('.docker/config.json', '{')
  await expect(optionsOf({})).rejects.toMatchObject({ code })
  await put('.docker/config.json', 'null')
  expect(await optionsOf({})).toEqual({ host: 'unix:///var/run/docker.sock' })
})

test.skipIf(process.getuid?.() === 0)('dockerDaemonOptions() refuses a file that it may not read', async () => {
  await put('.docker/config.json', '{}')
  await chmod(path.join(home.path, '.docker/config.json'), 0)
  await expect(optionsOf({})).rejects.toMatchObject({ code: 'ERR_DOCKER_HOST' })
})
