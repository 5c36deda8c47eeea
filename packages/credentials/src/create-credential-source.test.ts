import { chmod } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { auth, createUserHome } from './test/user-home.ts'

test('createCredentialSource() finds nothing for a user without logins', async () => {
  const home = await createUserHome()
  expect(await home.source()('docker.io')).toBeUndefined()
})

test('createCredentialSource() asks the places in their order', async () => {
  const home = await createUserHome()
  const places: [string, string, Record<string, string>][] = [
    ['.dockercfg', 'legacy', {}],
    ['.docker/config.json', 'docker', {}],
    ['other/config.json', 'docker-config', { DOCKER_CONFIG: join(home.path, 'other') }],
    ['.config/containers/auth.json', 'config', {}],
    ['xdg/containers/auth.json', 'xdg', { XDG_CONFIG_HOME: join(home.path, 'xdg') }],
    ['run/containers/auth.json', 'run', {}],
    ['file.json', 'file', { REGISTRY_AUTH_FILE: join(home.path, 'file.json') }],
  ]
  let env = { ...home.env }
  for (const [path, name, more] of places) {
    const logins = { 'r.test': auth(name, 'p') }
    await home.write(path, name === 'legacy' ? logins : { auths: logins })
    env = { ...env, ...more }
    expect(await home.source({ env })('r.test')).toEqual({ username: name, password: 'p' })
  }
  const variable = JSON.stringify({ auths: { 'r.test': auth('variable', 'p') } })
  const last = { ...env, DOCKER_AUTH_CONFIG: variable }
  expect(await home.source({ env: last })('r.test')).toEqual({ username: 'variable', password: 'p' })
})

test('createCredentialSource() reads every form of a login', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', {
    auths: {
      'basic.test': auth('user', 'pass:word'),
      'plain.test': { username: 'user', password: 'plain' },
      'padded.test': auth('user', 'pad\0\0'),
      'both.test': { ...auth('decoded', 'd'), username: 'plain', password: 'p' },
      'identity.test': { ...auth('user', ''), identitytoken: 'IDENTITY' },
      'bare-identity.test': { identitytoken: 'IDENTITY' },
      'bearer.test': { ...auth('user', 'x'), registrytoken: 'BEARER', identitytoken: 'IDENTITY' },
      'empty.test': {},
      'null.test': null,
    },
  })
  const source = home.source()
  expect(await source('basic.test')).toEqual({ username: 'user', password: 'pass:word' })
  expect(await source('plain.test')).toEqual({ username: 'user', password: 'plain' })
  expect(await source('padded.test')).toEqual({ username: 'user', password: 'pad' })
  expect(await source('both.test')).toEqual({ username: 'decoded', password: 'd' })
  expect(await source('identity.test')).toEqual({ identityToken: 'IDENTITY', username: 'user' })
  expect(await source('bare-identity.test')).toEqual({ identityToken: 'IDENTITY' })
  expect(await source('bearer.test')).toEqual({ registryToken: 'BEARER' })
  expect(await source('empty.test')).toBeUndefined()
  expect(await source('null.test')).toBeUndefined()
})

test('createCredentialSource() knows Docker Hub and other registries by their old keys', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', {
    auths: {
      'https://index.docker.io/v1/': auth('hub', 'p'),
      'https://old.test/v2/': auth('old', 'p'),
      'http://plain.test:5000': auth('plain', 'p'),
      'versioned.test/v1/': auth('versioned', 'p'),
      'CASE.test': auth('case', 'p'),
    },
  })
  const source = home.source()
  for (const [host, username] of Object.entries({
    'docker.io': 'hub',
    'index.docker.io': 'hub',
    'registry-1.docker.io': 'hub',
    'old.test': 'old',
    'plain.test:5000': 'plain',
    'versioned.test': 'versioned',
    'case.TEST': 'case',
  })) {
    expect([host, await source(host)]).toEqual([host, { username, password: 'p' }])
  }
  expect(await source('plain.test')).toBeUndefined()
})

test('createCredentialSource() never gives the login of Docker Hub to a host that only looks like it', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json', {
    auths: { 'https://index.docker.io/v1/': auth('hub', 'p'), 'docker.io': auth('hub', 'p') },
  })
  const source = home.source()
  for (const host of [
    'evildocker.io',
    'docker.io.evil',
    'x.docker.io',
    'docker.io:443',
    'index.docker.io.evil',
    'io',
    '',
  ]) {
    expect([host, await source(host)]).toEqual([host, undefined])
  }
})

test('createCredentialSource() prefers the login for the longest path', async () => {
  const home = await createUserHome()
  await home.write('run/containers/auth.json', {
    auths: {
      'r.test': auth('host', 'p'),
      'r.test/team': auth('team', 'p'),
      'r.test/team/app': auth('app', 'p'),
      'docker.io/team': auth('hub-team', 'p'),
    },
  })
  const source = home.source()
  const nameFor = async (host: string, path?: string) => {
    const found = await source(host, path === undefined ? {} : { path })
    return found !== undefined && 'username' in found ? found.username : undefined
  }
  expect(await nameFor('r.test', 'team/app')).toBe('app')
  expect(await nameFor('r.test', 'team/app/part')).toBe('app')
  expect(await nameFor('r.test', 'team/application')).toBe('team')
  expect(await nameFor('r.test', 'teams/app')).toBe('host')
  expect(await nameFor('r.test')).toBe('host')
  expect(await nameFor('docker.io', 'team/app')).toBe('hub-team')
  expect(await nameFor('docker.io', 'library/alpine')).toBeUndefined()
})

test('createCredentialSource() treats keys such as __proto__ as any other', async () => {
  const home = await createUserHome()
  const text =
    '{"auths":{"__proto__":{"polluted":1,"auth":"dTpw"},"constructor":{"prototype":{"polluted":1}},"r.test":{"__proto__":{"username":"x"}}}}'
  await home.write('.docker/config.json', text)
  const source = home.source()
  expect(await source('r.test')).toBeUndefined()
  expect(await source('toString')).toBeUndefined()
  expect(await source('__proto__')).toEqual({ username: 'u', password: 'p' })
  expect('polluted' in {}).toBe(false)
})

test('createCredentialSource() names a file that it cannot use, without its secrets', async () => {
  const cases: unknown[] = [
    '{"auths": S3CR3T',
    '[]',
    '"S3CR3T"',
    { auths: 'S3CR3T' },
    { auths: { 'r.test': 'S3CR3T' } },
    { auths: { 'r.test': { auth: 12 } } },
    { auths: { 'r.test': { auth: '!S3CR3T!' } } },
    { auths: { 'r.test': { auth: Buffer.from('S3CR3T').toString('base64') } } },
    { credHelpers: { 'r.test': 1 } },
    { credsStore: {} },
  ]
  for (const content of cases) {
    const home = await createUserHome()
    await home.write('.docker/config.json', content)
    const path = join(home.path, '.docker/config.json')
    const error = await home
      .source()('r.test')
      .catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'CredentialsFileError', code: 'ERR_CREDENTIALS_FILE', path })
    expect(String(error)).toContain(path)
    expect(`${error}${JSON.stringify(error)}${(error as Error).cause}`).not.toMatch(/S3CR3T|UzNDUjNU/)
  }
})

test('createCredentialSource() refuses a directory, and a file that is too large or unreadable', async () => {
  const home = await createUserHome()
  await home.write('.docker/config.json/x', '')
  await expect(home.source()('r.test')).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_FILE' })
  const large = await createUserHome()
  await large.write('.docker/config.json', ' '.repeat(4 * 1024 * 1024 + 1))
  await expect(large.source()('r.test')).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_FILE' })
})

test.skipIf(process.getuid?.() === 0)(
  'createCredentialSource() (skipped for root) refuses a file without permission',
  async () => {
    const home = await createUserHome()
    await home.write('.docker/config.json', '{}')
    await chmod(join(home.path, '.docker/config.json'), 0)
    await expect(home.source()('r.test')).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_FILE' })
  },
)

test('createCredentialSource() does not read past the place that has the login', async () => {
  const home = await createUserHome()
  await home.write('run/containers/auth.json', { auths: { 'r.test': auth('u', 'p') } })
  await home.write('.docker/config.json', '{')
  const source = home.source()
  expect(await source('r.test')).toEqual({ username: 'u', password: 'p' })
  await expect(source('other.test')).rejects.toMatchObject({ code: 'ERR_CREDENTIALS_FILE' })
})

test('createCredentialSource() caches what it read for cacheMs', async () => {
  const home = await createUserHome()
  let time = 0
  const source = home.source({ now: () => time })
  await home.write('.docker/config.json', { auths: { 'r.test': auth('one', 'p') } })
  expect(await source('r.test')).toMatchObject({ username: 'one' })
  await home.write('.docker/config.json', { auths: { 'r.test': auth('two', 'p') } })
  time = 599_999
  expect(await source('r.test')).toMatchObject({ username: 'one' })
  time = 600_000
  expect(await source('r.test')).toMatchObject({ username: 'two' })
})

test('createCredentialSource() rejects with the reason of an aborted call', async () => {
  const home = await createUserHome()
  const reason = new Error('enough')
  await expect(home.source()('r.test', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
})
