import { once } from 'node:events'
import { rename, rm, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import path from 'node:path'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { askDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

/** Of the passwords `alice-secret` and `bob-secret`. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['alice', '$2b$04$FbcNBHsvylUfhz4tkiuNXeOaalYlAMuOTqM6T6YrGD1kIeiUMFOYq'],
  ['bob', '$2b$04$SzSi9EVpZfDBEEAMHiFG3euNHMv9LPw3Lyaau/YyCjo9RsWSrRxey'],
])

let work: TempDir
const running: Drayd[] = []
const sockets: Socket[] = []

beforeEach(async () => {
  work = await tempDir()
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const daemon of running.splice(0)) {
    daemon.kill('SIGKILL')
    await daemon.exited
  }
  await work[Symbol.asyncDispose]()
})

const at = (name: string): string => path.join(work.path, name)

async function start(args: readonly string[], openFiles?: number): Promise<Drayd> {
  const own = ['--host', `unix://${at('socket')}`, '--store', at('store'), '--registry-host', 'tcp://127.0.0.1:0']
  const daemon = await startDrayd([...own, ...args], {}, openFiles)
  running.push(daemon)
  return daemon
}

async function open(place: string, text: string): Promise<void> {
  const [host, port] = place.replace('tcp://', '').split(':')
  const socket = place.startsWith('unix://') ? connect(place.slice(7)) : connect(Number(port), host)
  sockets.push(socket)
  socket.on('error', () => {}).resume()
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {})
  socket.write(text)
}

const login = (user: string, password: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

test('with 256 open files, 2,000 idle connections to each listener keep nobody from the socket', async () => {
  const daemon = await start(['--admin-host', 'tcp://127.0.0.1:0'], 256)
  const [socket = '', registry = '', admin = ''] = daemon.places
  const ask = async (): Promise<unknown[]> => [
    (await askDrayd(socket, '/_ping')).status,
    (await askDrayd(socket, '/images/json')).text.trim(),
    (await askDrayd(registry, '/v2/')).status,
    (await askDrayd(admin, '/readyz')).status,
  ]
  for (let round = 0; round < 20; round++) {
    for (const place of daemon.places) {
      await Promise.all(Array.from({ length: 100 }, () => open(place, 'GET /_ping HTTP/1.1\r\nx-slow: ')))
    }
    expect(await ask()).toEqual([200, '[]', 200, 200])
  }
  expect(daemon.lines.filter(({ level }) => Number(level) >= 40)).toEqual([])
})

test.each(['basic', 'token'])('a user who is removed from the file may do nothing any more (%s)', async (auth) => {
  const file = at('users')
  const write = async (...users: string[]): Promise<void> => {
    await writeFile(`${file}.new`, users.map((user) => `${user}:${HASHES.get(user)}\n`).join(''))
    await rename(`${file}.new`, file)
  }
  await write('alice', 'bob')
  const daemon = await start(['--registry-htpasswd', file, '--registry-auth', auth])
  const registry = daemon.places[1] ?? ''
  const headersOf = async (user: string): Promise<Record<string, string>> => {
    if (auth === 'basic') return login(user, `${user}-secret`)
    const scope = encodeURIComponent('repository:a:pull')
    const { text } = await askDrayd(registry, `/token?scope=${scope}`, { headers: login(user, `${user}-secret`) })
    return { authorization: `Bearer ${(JSON.parse(text) as { token: string }).token}` }
  }
  const [alice, bob] = [await headersOf('alice'), await headersOf('bob')]
  const ask = async (): Promise<number[]> => [
    (await askDrayd(registry, '/v2/a/tags/list', { headers: alice })).status,
    (await askDrayd(registry, '/v2/a/tags/list', { headers: bob })).status,
  ]
  expect(await ask()).toEqual([404, 404])
  await write('alice')
  expect(await ask()).toEqual([404, 401])
  // What cannot be read changes nothing, and is told.
  await writeFile(file, 'alice:plain\n')
  expect(await ask()).toEqual([404, 401])
  await expect.poll(() => JSON.stringify(daemon.lines)).toContain('Cannot use')
  await rm(file)
  daemon.kill('SIGHUP')
  await expect.poll(() => JSON.stringify(daemon.lines)).toContain('configuration kept')
  expect(await ask()).toEqual([404, 401])
})
