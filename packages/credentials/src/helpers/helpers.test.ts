import { symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { CredentialsHelperError } from '../errors.ts'
import { auth, createUserHome, type UserHome } from '../test/user-home.ts'

const answer = (username: string, secret: string): string =>
  `echo '${JSON.stringify({ ServerURL: 'x', Username: username, Secret: secret })}'`
const noLogin = 'echo "credentials not found in native keychain"; exit 1'

async function withStore(name: string): Promise<UserHome> {
  const home = await createUserHome()
  await home.write('.docker/config.json', { credsStore: name, auths: { 'r.test': {}, 'file.test': auth('file', 'p') } })
  return home
}

async function failureOf(home: UserHome, host = 'r.test', options = {}): Promise<CredentialsHelperError> {
  return home
    .source(options)(host)
    .then(
      (found) => Promise.reject(new Error(`found ${JSON.stringify(found)}`)),
      (error: CredentialsHelperError) => error,
    )
}

test('a helper is asked once, with get only, for the host in use', async () => {
  const home = await withStore('store')
  await home.helper('store', answer('user', 'secret'))
  const source = home.source()
  const found = await Promise.all([source('r.test'), source('r.test'), source('r.test', { path: 'a/b' })])
  for (const one of [...found, await source('r.test')]) expect(one).toEqual({ username: 'user', password: 'secret' })
  expect(await home.log()).toEqual(['store get r.test'])
})

test('a helper knows Docker Hub by its old address', async () => {
  const home = await withStore('store')
  await home.helper('store', answer('user', 'secret'))
  const source = home.source()
  await source('docker.io')
  await source('index.docker.io')
  expect(await home.log()).toEqual(['store get https://index.docker.io/v1/'])
})

test('the helper of the host comes before that of all hosts, and helpers before the logins of the file', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', {
    credsStore: 'all',
    credHelpers: { 'https://own.test': 'own', 'r.test/team': 'team', 'off.test': '' },
    auths: { 'own.test': auth('file', 'p'), 'other.test': auth('file', 'p'), 'off.test': auth('file', 'p') },
  })
  await home.helper('own', answer('own', 'p'))
  await home.helper('team', answer('team', 'p'))
  await home.helper('all', `case $server in own.test|all.test) ${answer('all', 'p')};; *) ${noLogin};; esac`)
  const source = home.source()
  expect(await source('own.test')).toMatchObject({ username: 'own' })
  expect(await source('all.test')).toMatchObject({ username: 'all' })
  expect(await source('other.test')).toMatchObject({ username: 'file' })
  expect(await source('r.test', { path: 'team/app' })).toMatchObject({ username: 'team' })
  expect(await source('r.test')).toBeUndefined()
  expect(await source('off.test')).toMatchObject({ username: 'file' })
  expect(await home.log()).not.toContain('all get off.test')
})

test('a helper without a login passes on to the next place', async () => {
  const home = await withStore('store')
  await home.helper('store', noLogin)
  const source = home.source()
  expect(await source('r.test')).toBeUndefined()
  expect(await source('file.test')).toEqual({ username: 'file', password: 'p' })
})

test('a helper gives an identity token under the name <token>, and an empty secret means no login', async () => {
  const home = await withStore('store')
  await home.helper('store', `case $server in r.test) ${answer('<token>', 'IDENTITY')};; *) ${answer('', '')};; esac`)
  const source = home.source()
  expect(await source('r.test')).toEqual({ identityToken: 'IDENTITY' })
  expect(await source('empty.test')).toBeUndefined()
})

test('a missing helper is an error that names it, and no other helper or login is used', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', {
    credsStore: 'all',
    credHelpers: { 'private.example': 'missing' },
    auths: { 'https://index.docker.io/v1/': auth('hub', 'p'), 'private.example': auth('file', 'p') },
  })
  await home.helper('all', answer('all', 'p'))
  const error = await failureOf(home, 'private.example')
  expect(error).toMatchObject({
    name: 'CredentialsHelperError',
    code: 'ERR_CREDENTIALS_HELPER',
    helper: 'missing',
    problem: 'missing',
  })
  expect(error.message).toContain('docker-credential-missing')
  expect(await home.log()).toEqual([])
})

test('a helper is found only by a plain name in an absolute directory of PATH', async () => {
  const home = await createUserHome()
  await home.helper('real', answer('u', 'p'))
  await symlink(join(home.path, 'bin'), join(home.path, 'linked'))
  for (const helper of ['../../tmp/x', 'a;id', '/bin/sh', 'a b', '$(id)', 'a\u0000b', 'x'.repeat(129), 'real\n']) {
    await home.write('.docker/config.json', { credsStore: helper })
    expect(await failureOf(home)).toMatchObject({ problem: 'name', helper })
  }
  await home.write('.docker/config.json', { credsStore: 'real' })
  for (const PATH of ['bin', '.:bin', '', '::']) {
    expect(await failureOf(home, 'r.test', { env: { ...home.env, PATH } })).toMatchObject({ problem: 'missing' })
  }
  await home.write('bin/docker-credential-plain', 'not executable')
  await home.write('.docker/config.json', { credsStore: 'plain' })
  expect(await failureOf(home)).toMatchObject({ problem: 'missing' })
  await home.write('bin/docker-credential-folder/x', '')
  await home.write('.docker/config.json', { credsStore: 'folder' })
  expect(await failureOf(home)).toMatchObject({ problem: 'missing' })
})

test('a helper is not asked about a server name of several lines', async () => {
  const home = await withStore('store')
  await home.helper('store', answer('u', 'p'))
  for (const host of ['host\nusername=x', 'host\r', 'host\0x']) {
    expect(await failureOf(home, host)).toMatchObject({ problem: 'server' })
  }
  expect(await home.log()).toEqual([])
})

test('a helper that prints without end is stopped', async () => {
  const home = await withStore('store')
  await home.helper('store', 'yes')
  expect(await failureOf(home)).toMatchObject({ problem: 'output-size' })
})

test('a helper that hangs is stopped with everything it started', async () => {
  const home = await withStore('store')
  await home.helper('store', 'sleep 600 & echo $! > "$HOME/child"; wait')
  const error = await failureOf(home, 'r.test', { helperTimeoutMs: 3000 })
  expect(error).toMatchObject({ problem: 'timeout' })
  const { readFile } = await import('node:fs/promises')
  const child = Number(await readFile(join(home.path, 'child'), 'utf8'))
  expect(child).toBeGreaterThan(1)
  await expect.poll(() => isAlive(child)).toBe(false)
})

async function isAlive(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (state !== undefined) return !state.includes(') Z ')
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a helper that fails is an error with what it said, escaped and without secrets', async () => {
  const home = await withStore('store')
  await home.helper('store', `${answer('u', 'S3CR3T')}; printf 'locked \\033[2J keychain' >&2; exit 3`)
  const error = await failureOf(home)
  expect(error).toMatchObject({ problem: 'exit' })
  expect(error.message).toContain('exit status 3')
  expect(error.message).toContain('locked \\u001b[2J keychain')
  expect(error.message).not.toContain('\u001b')
  expect(`${error}${JSON.stringify(error)}${error.stack}`).not.toContain('S3CR3T')
  await home.helper('store', 'echo "error getting credentials: locked"; exit 1')
  expect((await failureOf(home)).message).toContain('error getting credentials: locked')
  await home.helper('store', `head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1`)
  expect((await failureOf(home)).message.length).toBeLessThan(1024)
})

test('a helper whose answer is malformed is an error without the answer', async () => {
  const home = await withStore('store')
  for (const script of [
    'echo S3CR3T',
    'echo "[]"',
    `echo '{"Username":"S3CR3T"}'`,
    `echo '{"Username":1,"Secret":"S3CR3T"}'`,
    'true',
  ]) {
    await home.helper('store', script)
    const error = await failureOf(home)
    expect([script, error.problem]).toEqual([script, 'output-syntax'])
    expect(`${error}${error.cause}`).not.toContain('S3CR3T')
  }
})

test('a helper that cannot be started is an error', async () => {
  const home = await createUserHome()
  await home.helper('store', '')
  const { chmod, writeFile } = await import('node:fs/promises')
  await writeFile(join(home.path, 'bin/docker-credential-store'), '#!/nonexistent/interpreter\n')
  await chmod(join(home.path, 'bin/docker-credential-store'), 0o755)
  await home.write('.docker/config.json', { credsStore: 'store' })
  expect(await failureOf(home)).toMatchObject({ problem: 'exit', helper: 'store' })
})

test('onBrokenHelper turns a broken helper into no login', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', { credsStore: 'missing', auths: { 'r.test': auth('file', 'p') } })
  const errors: CredentialsHelperError[] = []
  const source = home.source({ onBrokenHelper: (error) => errors.push(error) })
  expect(await source('r.test')).toBeUndefined()
  expect(errors).toMatchObject([{ problem: 'missing' }])
})

test('a failure of a helper is not kept', async () => {
  const home = await withStore('store')
  await home.helper('store', 'exit 1')
  const source = home.source()
  await expect(source('r.test')).rejects.toMatchObject({ problem: 'exit' })
  await home.helper('store', answer('u', 'p'))
  expect(await source('r.test')).toEqual({ username: 'u', password: 'p' })
})

test('DOCKER_AUTH_CONFIG names no helpers', async () => {
  const home = await createUserHome()
  await home.helper('store', answer('u', 'p'))
  const DOCKER_AUTH_CONFIG = JSON.stringify({ credsStore: 'store', credHelpers: { 'r.test': 'store' } })
  expect(await home.source({ env: { ...home.env, DOCKER_AUTH_CONFIG } })('r.test')).toBeUndefined()
  expect(await home.log()).toEqual([])
})

test('a caller that aborts does not cancel the helper for the others, and the last one does', async () => {
  const home = await withStore('store')
  await home.helper(
    'store',
    `echo $$ > "$HOME/pid"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done; ${answer('u', 'p')}`,
  )
  const source = home.source()
  const leaving = new AbortController()
  const reason = new Error('enough')
  const first = source('r.test', { signal: leaving.signal })
  const second = source('r.test')
  await expect.poll(() => home.log()).toHaveLength(1)
  leaving.abort(reason)
  await expect(first).rejects.toBe(reason)
  await home.write('go', '')
  expect(await second).toEqual({ username: 'u', password: 'p' })

  const alone = await withStore('store')
  await alone.helper('store', 'sleep 600')
  const last = new AbortController()
  const waiting = alone.source()('r.test', { signal: last.signal })
  await expect.poll(() => alone.log()).toHaveLength(1)
  last.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})
