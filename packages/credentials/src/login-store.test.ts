import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { createLoginStore, type LoginStore } from './login-store.ts'
import { auth, createUserHome, type UserHome } from './test/user-home.ts'

const ALICE = { username: 'alice', password: 'secret:with:colons' }
const TOKEN = { username: 'alice', identityToken: 'TOK' }

const storeOf = (home: UserHome): LoginStore => createLoginStore({ env: home.env, home: home.path })
const fileOf = (home: UserHome): string => join(home.path, '.docker/config.json')
const contentOf = async (home: UserHome): Promise<unknown> => JSON.parse(await readFile(fileOf(home), 'utf8'))

/** A helper that keeps what it is given in `$HOME/kept`, and fails where there is nothing. */
const KEEPER = `case $1 in
store) printf %s "$server" > "$HOME/kept" ;;
get) cat "$HOME/kept" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase) rm "$HOME/kept" ;;
esac`

test('a login is kept in a new file of its owner, where a source finds it', async () => {
  const home = await createUserHome()
  expect(await storeOf(home).store('r.test:5000', ALICE)).toEqual({ path: fileOf(home) })
  expect(await contentOf(home)).toEqual({ auths: { 'r.test:5000': auth('alice', ALICE.password) } })
  expect((await stat(fileOf(home))).mode & 0o777).toBe(0o600)
  expect((await stat(join(home.path, '.docker'))).mode & 0o777).toBe(0o700)
  expect(await home.source()('r.test:5000')).toEqual(ALICE)
})

test("a login of Docker Hub is stored under docker's own key, and no other host gets it", async () => {
  const home = await createUserHome()
  await storeOf(home).store('docker.io', TOKEN)
  expect(await contentOf(home)).toEqual({
    auths: { 'https://index.docker.io/v1/': { ...auth('alice', ''), identitytoken: 'TOK' } },
  })
  expect(await home.source()('docker.io')).toEqual(TOKEN)
  for (const host of ['evildocker.io', 'docker.io.evil']) expect(await home.source()(host)).toBeUndefined()
})

test('other members and logins stay in order, and older keys of the host are removed', async () => {
  const home = await createUserHome()
  const before = {
    HttpHeaders: { 'X-A': 'b' },
    auths: {
      'a.test': { auth: 'eDp5', extra: [1] },
      'https://r.test/v1/': auth('old', 'p'),
      'r.test/team': auth('t', 'p'),
    },
    proxies: { default: {} },
  }
  await home.write('.docker/config.json', before)
  await chmod(fileOf(home), 0o644)
  await storeOf(home).store('r.test', ALICE)
  const { auths, ...rest } = before
  expect(await contentOf(home)).toEqual({
    ...rest,
    auths: { 'a.test': auths['a.test'], 'r.test/team': auths['r.test/team'], 'r.test': auth('alice', ALICE.password) },
  })
  expect(Object.keys(JSON.parse(await readFile(fileOf(home), 'utf8')))).toEqual(Object.keys(before))
  expect((await stat(fileOf(home))).mode & 0o777).toBe(0o600)
  expect(await readdir(join(home.path, '.docker'))).toEqual(['config.json'])
})

test('odd keys are kept as they are', async () => {
  const home = await createUserHome()
  const text = '{"__proto__":{"polluted":1},"auths":{"__proto__":{"auth":"eDp5"}},"constructor":1}'
  await home.write('.docker/config.json', text)
  await storeOf(home).store('r.test', ALICE)
  const kept = await readFile(fileOf(home), 'utf8')
  expect(kept).toContain('"polluted": 1')
  expect(kept).toContain('eDp5')
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('a link is followed and stays a link', async () => {
  const home = await createUserHome()
  await home.write('dotfiles/config.json', {})
  await mkdir(join(home.path, '.docker'))
  await symlink('../dotfiles/config.json', fileOf(home))
  await storeOf(home).store('r.test', ALICE)
  expect(JSON.parse(await readFile(join(home.path, 'dotfiles/config.json'), 'utf8'))).toHaveProperty('auths')
  expect(await readdir(join(home.path, 'dotfiles'))).toEqual(['config.json'])
})

test('many logins at once are all kept', async () => {
  const home = await createUserHome()
  const hosts = ['a.test', 'b.test', 'c.test']
  for (const host of hosts) await storeOf(home).store(host, ALICE)
  await Promise.all(hosts.map((host) => storeOf(home).erase(host)))
  expect(await readdir(join(home.path, '.docker'))).toEqual(['config.json'])
})

test.each([
  ['', undefined],
  ['{', 'ERR_CREDENTIALS_FILE'],
  ['[]', 'ERR_CREDENTIALS_FILE'],
])('a file with %j', async (text, code) => {
  const home = await createUserHome()
  await home.write('.docker/config.json', text)
  const failure: unknown = await storeOf(home)
    .store('r.test', ALICE)
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  if (code === undefined) expect(failure).toBeUndefined()
  else expect(failure).toMatchObject({ code })
  expect(String(failure)).not.toContain('secret')
  if (code !== undefined) expect(await readFile(fileOf(home), 'utf8')).toBe(text)
})

test('a file that cannot be written is an error that names it', async () => {
  const home = await createUserHome()
  await writeFile(join(home.path, 'file'), '')
  const store = createLoginStore({ env: { ...home.env, DOCKER_CONFIG: '/dev/null/x' }, home: home.path })
  await expect(store.store('r.test', ALICE)).rejects.toMatchObject({
    code: 'ERR_CREDENTIALS_WRITE',
    path: '/dev/null/x/config.json',
  })
})

test('a helper gets the login on standard input, and the file holds none of it', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', { credsStore: 'keeper' })
  await home.helper('keeper', KEEPER)
  const store = storeOf(home)
  expect(await store.store('r.test', ALICE)).toEqual({ path: fileOf(home), helper: 'keeper' })
  expect(await contentOf(home)).toEqual({ credsStore: 'keeper', auths: { 'r.test': {} } })
  const kept = { ServerURL: 'r.test', Username: 'alice', Secret: ALICE.password }
  expect(JSON.parse(await readFile(join(home.path, 'kept'), 'utf8'))).toEqual(kept)
  expect(await home.source()('r.test')).toEqual(ALICE)
  expect(await store.erase('r.test')).toBe(true)
  expect(await contentOf(home)).toEqual({ credsStore: 'keeper', auths: {} })
  expect(await store.erase('r.test')).toBe(false)
})

test('a helper gets an identity token under the name that marks it', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', { credHelpers: { 'docker.io': 'keeper' } })
  await home.helper('keeper', KEEPER)
  await storeOf(home).store('docker.io', TOKEN)
  expect(JSON.parse(await readFile(join(home.path, 'kept'), 'utf8'))).toEqual({
    ServerURL: 'https://index.docker.io/v1/',
    Username: '<token>',
    Secret: 'TOK',
  })
})

test.each([
  ['is missing', { credHelpers: { 'r.test': 'missing' } }, 'missing'],
  ['has a path for a name', { credsStore: '../../tmp/x' }, 'name'],
  ['has a command for a name', { credsStore: 'a;id' }, 'name'],
  ['fails', { credsStore: 'broken' }, 'exit'],
])('nothing is stored in the file when the helper %s', async (_, config, problem) => {
  const home = await createUserHome()
  await home.write('.docker/config.json', config)
  await home.helper('broken', 'echo no >&2; exit 1')
  const failure: unknown = await storeOf(home)
    .store('r.test', ALICE)
    .catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'ERR_CREDENTIALS_HELPER', problem })
  expect(String(failure)).not.toContain('secret')
  expect(await contentOf(home)).toEqual(config)
})

test('a server name of two lines, and a user name with a colon, are refused', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', { credsStore: 'keeper' })
  await home.helper('keeper', KEEPER)
  await expect(storeOf(home).store('r.test\nusername=x', ALICE)).rejects.toMatchObject({ problem: 'server' })
  await expect(storeOf(home).store('r.test', { username: 'a:b', password: 'c' })).rejects.toThrow(RangeError)
  expect(await home.log()).toEqual([])
})

test('erase() forgets every key of the host and no other', async () => {
  const home = await createUserHome()
  const other = { 'evildocker.io': auth('e', 'p'), 'a.test': auth('a', 'p') }
  const hub = { 'https://index.docker.io/v1/': auth('x', 'p'), 'docker.io': auth('y', 'p') }
  await home.write('.docker/config.json', { auths: { ...hub, ...other } })
  expect(await storeOf(home).erase('docker.io')).toBe(true)
  expect(await contentOf(home)).toEqual({ auths: other })
  expect(await storeOf(home).erase('docker.io')).toBe(false)
})

test('erase() makes no file', async () => {
  const home = await createUserHome()
  expect(await storeOf(home).erase('r.test')).toBe(false)
  expect(await readdir(home.path)).toEqual([])
})

test('an aborted call stores nothing', async () => {
  const home = await createUserHome()
  const reason = new Error('mine')
  await expect(storeOf(home).store('r.test', ALICE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(await readdir(home.path)).toEqual([])
})
