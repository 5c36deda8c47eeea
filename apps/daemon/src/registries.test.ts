import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { HttpRequest } from '@drayage/content'
import { basicAuth, createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { askDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

let directory: TempDir
let registry: HttpServer
let requests: HttpRequest[]
const running: Drayd[] = []

beforeEach(async () => {
  directory = await tempDir()
  requests = []
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const guarded = basicAuth({ users: new Map([['user', 'secret']]) })(handler)
  registry = await serve((request) => {
    requests.push(request)
    return guarded(request)
  })
})
afterEach(async () => {
  for (const daemon of running.splice(0)) daemon.kill('SIGKILL')
  await registry.close()
  await directory[Symbol.asyncDispose]()
})

async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Drayd> {
  const socket = path.join(directory.path, 's')
  const store = path.join(directory.path, 'store')
  const daemon = await startDrayd(['--host', `unix://${socket}`, '--store', store, ...args], env)
  running.push(daemon)
  return daemon
}

const pull = (
  daemon: Drayd,
  name: string,
  headers: Readonly<Record<string, string>> = {},
): ReturnType<typeof askDrayd> =>
  askDrayd(daemon.places[0] ?? '', `/images/create?fromImage=${name}&tag=1`, { method: 'POST', headers })

test('mirrors of Docker Hub are tried first, with the logins of the daemon, and SIGHUP changes them', async () => {
  const others: HttpRequest[] = []
  const empty = createRegistryHandler({ storage: createMemoryStorage() })
  await using other = await serve(
    (request) => {
      others.push(request)
      return empty(request)
    },
    { graceMs: 0 },
  )
  const file = path.join(directory.path, 'drayd.toml')
  await writeFile(file, `registry-mirrors = ["${registry.url}"]\n`)
  const auths = { [registry.host]: { auth: Buffer.from('user:secret').toString('base64') } }
  const daemon = await start(['--config', file], { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) })
  // Nobody waits for Docker Hub itself, which is asked after the mirror.
  pull(daemon, 'team/none').catch(() => {})
  while (!requests.some(({ headers }) => headers['authorization'] !== undefined)) await sleep(10)
  expect(requests.map(({ url }) => new URL(url).pathname)).toContain('/v2/team/none/manifests/1')

  await writeFile(file, `registry-mirrors = ["${other.url}"]\n`)
  daemon.kill('SIGHUP')
  while (!daemon.lines.some(({ msg }) => msg === 'configuration applied')) await sleep(10)
  requests.length = 0
  pull(daemon, 'team/other').catch(() => {})
  while (others.length === 0) await sleep(10)
  expect(requests).toEqual([])
})

test("the logins of the daemon's user are not used for clients, which bring their own", async () => {
  const auths = { [registry.host]: { auth: Buffer.from('user:secret').toString('base64') } }
  const daemon = await start([], { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) })
  await pull(daemon, `${registry.host}/private`)
  expect(requests.length).toBeGreaterThan(0)
  expect(requests.filter(({ headers }) => headers['authorization'] !== undefined)).toEqual([])
  const login = Buffer.from(JSON.stringify({ username: 'user', password: 'secret' })).toString('base64url')
  const answer = await pull(daemon, `${registry.host}/private`, { 'x-registry-auth': login })
  expect([answer.status, answer.text]).toEqual([404, expect.stringContaining('not found')])
  expect(requests.some(({ headers }) => headers['authorization'] !== undefined)).toBe(true)
})

test('a registry endpoint without users only answers to names of this machine', async () => {
  const daemon = await start(['--registry-host', 'tcp://127.0.0.1:0'])
  const [, endpoint = ''] = daemon.places
  expect((await askDrayd(endpoint, '/v2/')).status).toBe(200)
  expect((await askDrayd(endpoint, '/v2/', { headers: { host: 'attacker.example' } })).status).toBe(403)
})
