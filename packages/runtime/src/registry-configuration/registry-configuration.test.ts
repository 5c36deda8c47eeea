import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import type { RegistryEndpoint } from '@drayage/registry'
import { createCertificate, tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createRegistryConfiguration, type RegistryConfiguration } from './registry-configuration.ts'
import type { RegistrySettings } from './load-settings.ts'

let work: TempDir
beforeEach(async () => void (work = await tempDir()))
afterEach(async () => await work[Symbol.asyncDispose]())

/** Writes files below the temporary directory, whose `etc` and `home` are those of the configuration. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(work.path, name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
}

function configure(settings: RegistrySettings = {}, env: Record<string, string> = {}): RegistryConfiguration {
  const addressesOf = async (name: string): Promise<string[]> => (name === 'inside.example' ? ['10.1.2.3'] : [])
  const [home, etc] = [path.join(work.path, 'home'), path.join(work.path, 'etc')]
  return createRegistryConfiguration({ env, home, etc, settings, addressesOf })
}

const NGINX = { domain: 'docker.io', path: 'library/nginx' }
const at = (domain: string, repository = 'team/app'): { domain: string; path: string } => ({ domain, path: repository })
const shown = (endpoints: readonly RegistryEndpoint[]): string[] =>
  endpoints.map(({ url, path: there, isInsecure, uses, isMirror, credentialsHost }) =>
    [url, there, isMirror ? uses.join('+') : '', isInsecure === true ? 'insecure' : '', credentialsHost]
      .filter((part) => part !== undefined && part !== '')
      .join(' '),
  )

describe('without files', () => {
  test('a registry is at its domain, by https, and this machine by http first', async () => {
    const { endpoints, tls } = configure()
    expect(shown(await endpoints(NGINX))).toEqual(['https://registry-1.docker.io docker.io'])
    expect(shown(await endpoints(at('r.example:5000')))).toEqual(['https://r.example:5000 r.example:5000'])
    expect(shown(await endpoints(at('localhost:5000')))).toEqual(['http://localhost:5000 insecure localhost:5000'])
    expect(shown(await endpoints({ domain: '[::1]:5000' }))).toEqual(['http://[::1]:5000 insecure [::1]:5000'])
    expect(await tls('r.example:5000')).toBeUndefined()
    expect(await tls('127.0.0.1:5000')).toEqual({ isInsecure: true })
  })
})

describe('what the user allows a registry', () => {
  const trust = (endpoints: readonly RegistryEndpoint[]): unknown[] =>
    endpoints.map(({ trustedRealms, allowsHttpBlobs }) => [trustedRealms, allowsHttpBlobs])

  test('is for its own name only, and changes with the settings', async () => {
    const configuration = configure({
      trustedRealms: [
        'R.example:5000=auth.example',
        'r.example:5000=https://second.example:8443/',
        'docker.io=h.example',
      ],
      httpBlobs: ['r.example:5000'],
      mirrors: ['https://m.example'],
    })
    const { endpoints } = configuration
    expect(trust(await endpoints(at('r.example:5000')))).toEqual([[['auth.example', 'second.example:8443'], true]])
    expect(trust(await endpoints(at('r.example')))).toEqual([[undefined, undefined]])
    expect(trust(await endpoints(at('other.example')))).toEqual([[undefined, undefined]])
    expect(trust(await endpoints(NGINX))).toEqual([
      [undefined, undefined],
      [['h.example'], undefined],
    ])
    await configuration.reload({ httpBlobs: ['other.example'] })
    expect(trust(await endpoints(at('r.example:5000')))).toEqual([[undefined, undefined]])
    expect(trust(await endpoints(at('other.example')))).toEqual([[undefined, true]])
  })

  test('holds for a mirror by the name of the mirror', async () => {
    const { endpoints } = configure({ mirrors: ['https://m.example'], httpBlobs: ['m.example'] })
    expect(trust(await endpoints(NGINX))).toEqual([
      [undefined, true],
      [undefined, undefined],
    ])
  })

  test.each([
    [{ trustedRealms: ['r.example'] }, 'trustedRealms[0]'],
    [{ trustedRealms: ['r.example=a.example', 'r.example='] }, 'trustedRealms[1]'],
    [{ trustedRealms: ['r.example=a=b'] }, 'trustedRealms[0]'],
    [{ trustedRealms: ['r.example=a.example/token'] }, 'trustedRealms[0]'],
    [{ httpBlobs: ['http://r.example'] }, 'httpBlobs[0]'],
    [{ httpBlobs: ['r.example/team'] }, 'httpBlobs[0]'],
  ])('is refused in another form: %j', async (settings, key) => {
    const { endpoints } = configure(settings)
    await expect(endpoints(at('r.example'))).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG', key })
  })
})

describe('daemon.json', () => {
  test('gives mirrors of Docker Hub only, and insecure registries', async () => {
    await write({
      'etc/docker/daemon.json': JSON.stringify({
        'registry-mirrors': ['https://m.example/', 'http://10.0.0.1:5000', 'https://m.example'],
        'insecure-registries': ['r.example:5000', '10.0.0.0/8', 'https://cut.example', 'index.docker.io'],
        'log-level': 'warn',
      }),
    })
    const { endpoints, tls } = configure()
    expect(shown(await endpoints(NGINX))).toEqual([
      'https://m.example resolve+pull',
      'http://10.0.0.1:5000 resolve+pull',
      'https://registry-1.docker.io docker.io',
    ])
    expect(shown(await endpoints({ domain: 'docker.io' }))).toEqual(['https://registry-1.docker.io docker.io'])
    for (const host of ['r.example:5000', 'inside.example', '10.9.9.9:443', 'cut.example']) {
      expect(shown(await endpoints(at(host)))).toEqual([`https://${host} insecure ${host}`])
      expect(await tls(host)).toEqual({ isInsecure: true })
    }
    for (const host of ['r.example', 'r.example:5001', 'outside.example', '11.0.0.1']) {
      expect(shown(await endpoints(at(host)))).toEqual([`https://${host} ${host}`])
    }
    expect(await tls('registry-1.docker.io')).toBeUndefined()
  })

  test('of the user comes before that of the machine, and options before both', async () => {
    await write({
      'home/.config/docker/daemon.json': '{"registry-mirrors":["https://user.example"]}',
      'etc/docker/daemon.json': '{"registry-mirrors":["https://machine.example"]}',
    })
    expect(shown(await configure().endpoints(NGINX))[0]).toBe('https://user.example resolve+pull')
    const given = configure({ mirrors: ['https://given.example'] })
    expect(shown(await given.endpoints(NGINX))[0]).toBe('https://given.example resolve+pull')
    expect(shown(await configure({ insecureRegistries: [] }).endpoints(NGINX))).toHaveLength(1)
    expect(shown(await configure({ files: { daemon: [] } }).endpoints(NGINX))).toHaveLength(1)
  })

  test.each([
    ['registry-mirrors[0]', { 'registry-mirrors': ['m.example'] }],
    ['registry-mirrors[0]', { 'registry-mirrors': ['ftp://m.example'] }],
    ['registry-mirrors[1]', { 'registry-mirrors': ['https://m.example', 'https://m.example/path'] }],
    ['registry-mirrors[0]', { 'registry-mirrors': ['https://m.example/?q'] }],
    ['registry-mirrors[0]', { 'registry-mirrors': ['https://m.example/#f'] }],
    ['registry-mirrors[0]', { 'registry-mirrors': ['https://u:S3CR3T@m.example'] }],
    ['registry-mirrors[0]', { 'registry-mirrors': [1] }],
    ['registry-mirrors', { 'registry-mirrors': 'https://m.example' }],
    ['insecure-registries[0]', { 'insecure-registries': ['-r.example'] }],
    ['insecure-registries[0]', { 'insecure-registries': ['r.example-'] }],
    ['insecure-registries[0]', { 'insecure-registries': ['ftp://r.example'] }],
    ['insecure-registries[0]', { 'insecure-registries': ['r.example/path'] }],
    ['insecure-registries[0]', { 'insecure-registries': ['10.0.0.0/33'] }],
    ['', []],
  ])('with a wrong %s is named', async (key, daemon) => {
    await write({ 'etc/docker/daemon.json': JSON.stringify(daemon) })
    const file = path.join(work.path, 'etc/docker/daemon.json')
    const failure = await configure()
      .endpoints(NGINX)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ERR_REGISTRY_CONFIG', file, key })
    expect(String(failure)).not.toContain('S3CR3T')
  })

  test('that is no JSON is named', async () => {
    await write({ 'etc/docker/daemon.json': '{' })
    await expect(configure().endpoints(NGINX)).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG' })
  })
})

describe('certs.d of docker', () => {
  const own = createCertificate({ dnsName: 'r.example' })

  test('gives authorities and a client certificate of a host', async () => {
    await write({
      'etc/docker/certs.d/r.example:5000/b.crt': own.cert,
      'etc/docker/certs.d/r.example:5000/client.cert': own.cert,
      'etc/docker/certs.d/r.example:5000/client.key': own.key,
      'etc/docker/certs.d/localhost:5000/ca.crt': own.cert,
    })
    const { endpoints, tls } = configure()
    expect(await tls('r.example:5000')).toEqual({ ca: [own.cert], cert: own.cert, key: own.key })
    expect(await tls('r.example')).toBeUndefined()
    expect(await tls('localhost:5000')).toEqual({ ca: [own.cert] })
    expect(shown(await endpoints(at('r.example:5000')))).toEqual(['https://r.example:5000 r.example:5000'])
  })

  test('is not read of hosts that are declared insecure', async () => {
    await write({ 'etc/docker/certs.d/r.example/client.key': 'none' })
    expect(await configure({ insecureRegistries: ['r.example'] }).tls('r.example')).toEqual({ isInsecure: true })
  })

  test.each([
    ['a client certificate without a key', { 'client.cert': own.cert }, 'client.cert'],
    ['a key without a client certificate', { 'client.key': own.key }, 'client.key'],
    ['text that is no certificate', { 'ca.crt': 'none' }, 'ca.crt'],
    [
      'the key of another certificate',
      { 'client.cert': own.cert, 'client.key': createCertificate().key },
      'client.key',
    ],
  ])('with %s is named before the registry is asked', async (_, files, name) => {
    const directory = 'home/.config/docker/certs.d/r.example'
    await write(Object.fromEntries(Object.entries(files).map(([file, text]) => [`${directory}/${file}`, text])))
    await expect(configure().endpoints(at('r.example'))).rejects.toMatchObject({
      code: 'ERR_REGISTRY_CONFIG',
      file: path.join(work.path, directory, name),
    })
  })

  test('is never looked for outside its directory', async () => {
    await write({ 'etc/docker/ca.crt': own.cert, 'etc/docker/certs.d/x/ca.crt': own.cert })
    const { tls } = configure()
    for (const host of ['..', '.', '', '../certs.d/x']) expect(await tls(host)).toBeUndefined()
  })

  test('$SSL_CERT_FILE gives authorities for all hosts', async () => {
    await write({ 'roots.pem': own.cert })
    const { tls } = configure({}, { SSL_CERT_FILE: path.join(work.path, 'roots.pem') })
    expect(await tls('r.example')).toEqual({ ca: [own.cert] })
    expect(await tls('other.example')).toBe(await tls('r.example'))
    const missing = configure({}, { SSL_CERT_FILE: path.join(work.path, 'missing') })
    await expect(missing.endpoints(NGINX)).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG' })
  })
})

describe('hosts.toml of containerd', () => {
  const own = createCertificate({ dnsName: 'm.example' })

  test('gives the hosts in its order, and the registry itself', async () => {
    await write({
      'etc/containerd/certs.d/docker.io/hosts.toml': `
server = "https://registry-1.docker.io"
[host."https://m.example"]
  capabilities = ["pull", "resolve"]
  ca = "ca.pem"
  client = [["client.cert", "client.key"]]
  [host."https://m.example".header]
    X-Key = ["a", "b"]
[host."http://10.0.0.1:5000"]
  capabilities = ["pull", "push"]
[host."https://h.example/v2/hub"]
  override_path = true
  skip_verify = true
[host."p.example/hub/"]
`,
      'etc/containerd/certs.d/docker.io/ca.pem': own.cert,
      'etc/containerd/certs.d/docker.io/client.cert': own.cert,
      'etc/containerd/certs.d/docker.io/client.key': own.key,
    })
    const { endpoints, tls } = configure()
    const found = await endpoints(NGINX)
    expect(shown(found)).toEqual([
      'https://m.example/v2 pull+resolve',
      'http://10.0.0.1:5000/v2 pull',
      'https://h.example/v2/hub pull+resolve insecure',
      'https://p.example/hub/v2 pull+resolve',
      'https://registry-1.docker.io/v2 docker.io',
    ])
    expect(found[0]).toMatchObject({ namespace: 'docker.io', headers: { 'x-key': 'a, b' } })
    expect(found.at(-1)).toMatchObject({ isMirror: false, uses: ['pull', 'resolve', 'push'] })
    expect(await tls('m.example')).toEqual({ ca: [own.cert], cert: own.cert, key: own.key })
    expect(await tls('h.example')).toEqual({ isInsecure: true })
    expect(await tls('p.example')).toBeUndefined()
    expect(shown(await endpoints({ domain: 'docker.io' }))).toEqual(['https://registry-1.docker.io/v2 docker.io'])
  })

  test('is found by the port in either form, and by default', async () => {
    const hosts = (name: string): string => `[host."https://${name}.example"]\n`
    await write({
      'etc/containerd/certs.d/a.example_5000_/hosts.toml': hosts('one'),
      'etc/containerd/certs.d/b.example:5000/hosts.toml': hosts('two'),
      'etc/containerd/certs.d/_default/hosts.toml': hosts('three'),
    })
    const { endpoints } = configure()
    expect(shown(await endpoints(at('a.example:5000')))[0]).toContain('one.example')
    expect(shown(await endpoints(at('b.example:5000')))[0]).toContain('two.example')
    expect(shown(await endpoints(at('c.example')))).toEqual([
      'https://three.example/v2 pull+resolve',
      'https://c.example c.example',
    ])
  })

  test.each([
    ['host."https://m.example".capabilities[0]', '[host."https://m.example"]\ncapabilities = ["fly"]'],
    ['host."https://u:p@m.example"', '[host."https://u:p@m.example"]'],
    ['host."https://m.example".skip_verify', '[host."https://m.example"]\nskip_verify = "yes"'],
    ['server', 'server = "https://r.example/?x"'],
    ['line 2', 'server = "https://r.example"\n= S3CR3T'],
  ])('with a wrong %s is named', async (key, text) => {
    await write({ 'etc/containerd/certs.d/r.example/hosts.toml': text })
    const failure = await configure()
      .endpoints(at('r.example'))
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'ERR_REGISTRY_CONFIG', key })
    expect(String(failure)).not.toContain('S3CR3T')
  })
})

describe('registries.conf of podman', () => {
  const CONF = `
unqualified-search-registries = ["docker.io"]
[aliases]
"a" = "docker.io/library/a"

[[registry]]
prefix = "docker.io"
location = "docker.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.example/hub"
[[registry.mirror]]
location = "localhost:5000"
insecure = true

[[registry]]
prefix = "docker.io/library"
[[registry.mirror]]
location = "l.example:5000/lib"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "all.example"

[[registry]]
prefix = "moved.example/old"
location = "new.example/deep/path"

[[registry]]
prefix = "*.wild.example"
location = "w.example/all"

[[registry]]
location = "open.example:5000"
insecure = true

[[registry]]
prefix = "*.plain.example"
insecure = true

[[registry]]
prefix = "from.example"
location = "to.example"
insecure = true

[[registry]]
prefix = "bad.example"
blocked = true

[[registry]]
prefix = "tag.example/app:1"
location = "x.example"
`

  test('gives mirrors for the longest prefix, with rewritten names', async () => {
    await write({ 'etc/containers/registries.conf': CONF })
    const configuration = configure()
    const { endpoints, tls } = configuration
    expect(shown(await endpoints(NGINX))).toEqual([
      'https://l.example:5000 lib/nginx resolve l.example:5000',
      'https://all.example nginx resolve+pull all.example',
      'https://registry-1.docker.io docker.io',
    ])
    expect(shown(await endpoints(at('docker.io', 'org/app')))).toEqual([
      'https://m.example hub/org/app pull m.example',
      'https://localhost:5000 pull insecure localhost:5000',
      'https://registry-1.docker.io docker.io',
    ])
    const moved = await endpoints(at('moved.example', 'old/app'))
    expect(shown(moved)).toEqual([
      'https://new.example deep/path/app resolve+pull new.example',
      'https://moved.example moved.example',
    ])
    expect(moved.at(-1)?.uses).toEqual(['push'])
    expect(shown(await endpoints(at('moved.example', 'older')))).toEqual(['https://moved.example moved.example'])
    expect(shown(await endpoints(at('a.wild.example', 'app')))[0]).toBe(
      'https://w.example all/app resolve+pull w.example',
    )
    expect(shown(await endpoints(at('open.example:5000')))).toEqual([
      'https://open.example:5000 insecure open.example:5000',
    ])
    expect(await tls('open.example:5000')).toEqual({ isInsecure: true })
    expect(shown(await endpoints(at('a.plain.example')))).toEqual(['https://a.plain.example insecure a.plain.example'])
    expect(await tls('a.plain.example')).toEqual({ isInsecure: true })
    expect(shown(await endpoints(at('from.example')))).toEqual([
      'https://to.example resolve+pull insecure to.example',
      'https://from.example from.example',
    ])
    expect(await tls('from.example')).toBeUndefined()
    expect((await configuration.ignored()).map(({ key }) => key)).toEqual([
      'unqualified-search-registries',
      'aliases',
      'registry[8].prefix',
    ])
  })

  test('blocks', async () => {
    await write({ 'etc/containers/registries.conf': CONF })
    const { endpoints } = configure()
    const file = path.join(work.path, 'etc/containers/registries.conf')
    for (const name of [at('bad.example'), { domain: 'bad.example' }]) {
      await expect(endpoints(name)).rejects.toMatchObject({ code: 'ERR_REGISTRY_BLOCKED', file, key: 'registry[7]' })
    }
  })

  test('is completed by the files of registries.conf.d, the user’s last, and replaced by the variable', async () => {
    const mirror = (host: string): string =>
      `[[registry]]\nprefix = "docker.io"\n[[registry.mirror]]\nlocation = "${host}"\n`
    await write({
      'etc/containers/registries.conf': mirror('main.example'),
      'etc/containers/registries.conf.d/1.conf': mirror('one.example'),
      'etc/containers/registries.conf.d/2.conf': mirror('two.example'),
      'etc/containers/registries.conf.d/3.txt': 'none',
      'chosen.conf': mirror('chosen.example'),
    })
    const first = async (env = {}): Promise<string | undefined> => shown(await configure({}, env).endpoints(NGINX))[0]
    expect(await first()).toContain('two.example')
    await write({ 'home/.config/containers/registries.conf.d/0.conf': mirror('user.example') })
    expect(await first()).toContain('user.example')
    expect(await first({ CONTAINERS_REGISTRIES_CONF: path.join(work.path, 'chosen.conf') })).toContain('chosen.example')
  })

  test('comes before hosts.toml, and that before daemon.json', async () => {
    await write({ 'etc/docker/daemon.json': '{"registry-mirrors":["https://daemon.example"]}' })
    expect(shown(await configure().endpoints(NGINX))[0]).toContain('daemon.example')
    await write({ 'etc/containerd/certs.d/docker.io/hosts.toml': '[host."https://hosts.example"]' })
    expect(shown(await configure().endpoints(NGINX))).toEqual([
      'https://hosts.example/v2 pull+resolve',
      'https://registry-1.docker.io docker.io',
    ])
    await write({ 'etc/containers/registries.conf': CONF })
    expect(shown(await configure().endpoints(NGINX))[0]).toContain('l.example')
  })

  test.each([
    ['registry[0].prefix', '[[registry]]\ninsecure = true'],
    ['registry[0].prefix', '[[registry]]\nprefix = "https://r.example"'],
    ['registry[0].location', '[[registry]]\nprefix = "r.example"\nlocation = "a b"'],
    ['registry[0].mirror[0].location', '[[registry]]\nprefix = "r.example"\n[[registry.mirror]]\ninsecure = true'],
    ['registry[0].mirror[0].location', '[[registry]]\nprefix = "r.example"\n[[registry.mirror]]\nlocation = "u:p@h"'],
    [
      'registry[0].mirror[0].pull-from-mirror',
      '[[registry]]\nprefix = "r.example"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "all"',
    ],
    ['registry', 'registry = 1'],
  ])('with a wrong %s is named', async (key, text) => {
    await write({ 'etc/containers/registries.conf': text })
    await expect(configure().endpoints(NGINX)).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG', key })
  })
})

describe('reload()', () => {
  test('reads anew, and changes nothing when that fails', async () => {
    const configuration = configure()
    const mirrors = async (): Promise<string[]> => shown(await configuration.endpoints(NGINX)).slice(0, -1)
    expect(await mirrors()).toEqual([])
    await write({ 'etc/docker/daemon.json': '{"registry-mirrors":["https://m.example"]}' })
    expect(await mirrors()).toEqual([])
    await configuration.reload()
    expect(await mirrors()).toEqual(['https://m.example resolve+pull'])
    await write({ 'etc/docker/daemon.json': '{' })
    await expect(configuration.reload()).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG' })
    expect(await mirrors()).toEqual(['https://m.example resolve+pull'])
    await configuration.reload({ mirrors: ['https://n.example'] })
    expect(await mirrors()).toEqual(['https://n.example resolve+pull'])
    await configuration.reload()
    expect(await mirrors()).toEqual(['https://n.example resolve+pull'])
  })

  test('follows a file that was mended without being asked', async () => {
    await write({ 'etc/docker/daemon.json': '{' })
    const configuration = configure()
    await expect(configuration.endpoints(NGINX)).rejects.toMatchObject({ code: 'ERR_REGISTRY_CONFIG' })
    await write({ 'etc/docker/daemon.json': '{}' })
    expect(await configuration.endpoints(NGINX)).toHaveLength(1)
  })
})
