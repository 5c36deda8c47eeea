import { once } from 'node:events'
import { chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { request as secureRequest } from 'node:https'
import { connect, createServer } from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'

import { createCertificate, tempDir, type Certificate, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { askDrayd, runDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

let directory: TempDir
const running: Drayd[] = []

beforeEach(async () => {
  directory = await tempDir()
})
afterEach(async () => {
  for (const daemon of running.splice(0)) daemon.kill('SIGKILL')
  await directory[Symbol.asyncDispose]()
})

const at = (...parts: readonly string[]): string => path.join(directory.path, ...parts)

async function start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Drayd> {
  const host = args.includes('--host') ? [] : ['--host', `unix://${at('s')}`]
  const daemon = await startDrayd([...host, '--store', at('store'), ...args], env)
  running.push(daemon)
  return daemon
}

test('drayd serves on a unix socket until it is stopped', async () => {
  const daemon = await start()
  const pinged = await askDrayd(daemon.places[0] ?? '', '/_ping')
  expect([pinged.status, pinged.text]).toEqual([200, 'OK'])
  expect(pinged.headers).toMatchObject({
    'api-version': '1.57',
    'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  daemon.kill('SIGTERM')
  expect(await daemon.exited).toEqual([0, null])
})

test('socket and store have their modes under any umask', async () => {
  const before = process.umask(0)
  try {
    await start()
  } finally {
    process.umask(before)
  }
  expect((await stat(at('s'))).mode & 0o777).toBe(0o660)
  expect((await stat(at('store'))).mode & 0o777).toBe(0o700)
})

test('drayd replaces an unused socket, but no other file', async () => {
  const left = await start()
  left.kill('SIGKILL')
  await left.exited
  const again = await start()
  const inUse = await runDrayd(['--host', `unix://${at('s')}`, '--store', at('other')])
  expect([inUse.status, inUse.stderr]).toEqual([2, expect.stringContaining('another process listens there')])
  expect((await askDrayd(again.places[0] ?? '', '/_ping')).status).toBe(200)
  await writeFile(at('file'), 'x')
  const file = await runDrayd(['--host', `unix://${at('file')}`, '--store', at('other')])
  expect([file.status, file.stderr]).toEqual([2, expect.stringContaining('a file that is no socket')])
  await symlink(at('file'), at('link'))
  expect((await runDrayd(['--host', `unix://${at('link')}`, '--store', at('other')])).status).toBe(2)
})

test('drayd does not serve TCP to unauthenticated clients', async () => {
  for (const host of ['tcp://0.0.0.0:0', 'tcp://127.0.0.1:0', 'tcp://[::]:0']) {
    const ended = await runDrayd(['--host', host, '--store', at('store')])
    expect([host, ended.status, ended.stderr]).toEqual([host, 2, expect.stringContaining('tls-client-ca')])
  }
  const ended = await runDrayd(['--host', 'tcp://0.0.0.0:0', '--loopback-without-tls', '--store', at('store')])
  expect(ended.status).toBe(2)
})

test('drayd serves TCP with TLS only to clients with a trusted certificate', async () => {
  const [own, client, other] = [{ ipAddress: '127.0.0.1' }, { dnsName: 'client' }, { dnsName: 'client' }].map(
    createCertificate,
  )
  await writeFile(at('cert.pem'), own?.cert ?? '')
  await writeFile(at('key.pem'), own?.key ?? '')
  await writeFile(at('ca.pem'), client?.cert ?? '')
  const tls = ['--tls-cert', at('cert.pem'), '--tls-key', at('key.pem')]
  const open = await runDrayd(['--host', 'tcp://0.0.0.0:0', '--store', at('store'), ...tls])
  expect([open.status, open.stderr]).toEqual([2, expect.stringContaining('tls-client-ca')])
  const daemon = await start(['--host', 'tcp://127.0.0.1:0', ...tls, '--tls-client-ca', at('ca.pem')])
  const ask = (certificate: Certificate | undefined): Promise<unknown> =>
    new Promise((resolve) => {
      const url = `${daemon.places[0] ?? ''}/_ping`.replace('tcp:', 'https:')
      const sent = secureRequest(url, { ca: own?.cert, ...certificate, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sent.on('error', () => resolve('refused')).end()
    })
  expect(await ask(client)).toBe(200)
  expect([await ask(other), await ask(undefined)]).toEqual(['refused', 'refused'])
  await expect(askDrayd(daemon.places[0] ?? '', '/_ping')).rejects.toHaveProperty('code', 'ECONNRESET')
})

test('drayd refuses a store with symbolic links or of another owner', async () => {
  await mkdir(at('elsewhere'))
  for (const part of ['blobs', 'ingest', 'layers', 'trash']) {
    await mkdir(at(`linked-${part}`))
    await symlink(at('elsewhere'), at(`linked-${part}`, part))
    const ended = await runDrayd(['--host', `unix://${at('s')}`, '--store', at(`linked-${part}`)])
    expect([part, ended.status, ended.stderr]).toEqual([part, 1, expect.stringContaining('symbolic link')])
  }
  expect(await readdir(at('elsewhere'))).toEqual([])
})

test.runIf(process.geteuid?.() === 0)('drayd refuses a store of another user', async () => {
  await mkdir(at('foreign'))
  await chown(at('foreign'), 12_345, 12_345)
  const ended = await runDrayd(['--host', `unix://${at('s')}`, '--store', at('foreign')])
  expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining('owner 12345')])
  expect(await readdir(at('foreign'))).toEqual([])
})

test('requests from web pages and for foreign host names are refused over TCP', async () => {
  const daemon = await start(['--host', 'tcp://127.0.0.1:0', '--loopback-without-tls', '--allowed-hosts', 'mine.test'])
  const [place = ''] = daemon.places
  const port = place.split(':').at(-1)
  const pull = '/images/create?fromImage=127.0.0.1:1/x&tag=1'
  const refused = [{ host: 'attacker.example' }, { origin: 'http://evil.test' }, { 'sec-fetch-site': 'cross-site' }]
  for (const headers of refused) {
    const answer = await askDrayd(place, pull, { method: 'POST', headers })
    expect([headers, answer.status]).toEqual([headers, 403])
  }
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, 'localhost', `mine.test:${port}`, `[::1]:${port}`]) {
    expect([host, (await askDrayd(place, '/_ping', { headers: { host } })).status]).toEqual([host, 200])
  }
  expect((await askDrayd(place, '/_ping', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(200)
})

test.runIf(process.platform === 'linux')('drayd notices when the machine of a client is gone', async () => {
  const daemon = await start(['--registry-host', 'tcp://127.0.0.1:0'])
  const port = Number(daemon.places[1]?.split(':').at(-1))
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  const inHex = port.toString(16).toUpperCase().padStart(4, '0')
  // `02` before the time is the timer that asks.
  const isAsked = async (): Promise<boolean> =>
    (await readFile('/proc/net/tcp', 'utf8'))
      .split('\n')
      .some((line) => new RegExp(`^ *\\d+: \\w+:${inHex} \\w+:\\w+ 01 \\w+:\\w+ 02:`).test(line))
  while (!(await isAsked())) await sleep(10)
  client.destroy()
})

test('a registry endpoint takes no push of anybody without a login unless it is told so, and with users asks for one', async () => {
  const htpasswd = at('htpasswd')
  await writeFile(htpasswd, 'alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n')
  const push = async (more: readonly string[]): Promise<unknown[]> => {
    const daemon = await start(['--registry-host', 'tcp://127.0.0.1:0', ...more])
    const url = (daemon.places[1] ?? '').replace('tcp', 'http')
    expect((await fetch(`${url}/v2/`)).status).toBe(200)
    const answer = await fetch(`${url}/v2/team/app/blobs/uploads/`, { method: 'POST' })
    daemon.kill('SIGTERM')
    await daemon.exited
    return [answer.status, answer.headers.get('www-authenticate')]
  }
  expect(await push([])).toEqual([405, null])
  expect(await push(['--registry-anonymous', 'pull'])).toEqual([405, null])
  expect(await push(['--registry-anonymous', 'push'])).toEqual([202, null])
  const withUsers = ['--registry-anonymous', 'pull', '--registry-htpasswd', htpasswd]
  expect(await push(withUsers)).toEqual([401, 'Basic realm="registry"'])
})

test('the admin listener serves metrics and health', async () => {
  const daemon = await start(['--admin-host', `unix://${at('admin')}`])
  await askDrayd(daemon.places[0] ?? '', '/_ping')
  const admin = `unix://${at('admin')}`
  for (const target of ['/healthz', '/readyz']) expect((await askDrayd(admin, target)).status).toBe(200)
  const { text } = await askDrayd(admin, '/metrics')
  expect(text).toContain('drayd_requests_total{listener="engine",method="GET",status="200"} 1')
  expect(text).toMatch(/^drayd_downloads_limit 3$/m)
  expect((await askDrayd(admin, '/images/json')).status).toBe(404)
})

test('SIGHUP applies live options, and keeps the configuration when the file is invalid', async () => {
  await mkdir(at('etc'))
  const file = at('etc', 'drayd.toml')
  await writeFile(file, 'max-concurrent-downloads = 2\n')
  const daemon = await start(['--config', file, '--admin-host', `unix://${at('admin')}`])
  const limit = async (): Promise<string | undefined> =>
    /^drayd_downloads_limit (\d+)$/m.exec((await askDrayd(`unix://${at('admin')}`, '/metrics')).text)?.[1]
  expect(await limit()).toBe('2')
  const told = async (msg: string): Promise<void> => {
    while (!daemon.lines.some((line) => String(line['msg']).startsWith(msg))) await sleep(10)
  }
  await writeFile(file, 'max-concurrent-downloads = 7\n')
  daemon.kill('SIGHUP')
  await told('configuration applied')
  expect(await limit()).toBe('7')
  await writeFile(file, 'max-concurrent-downloads = 7\nshutdown-timeout = 3\n')
  daemon.kill('SIGHUP')
  await told('these options change after a restart')
  expect(daemon.lines.at(-1)).toMatchObject({ level: 40, options: ['shutdown-timeout'] })
  await writeFile(file, 'unknown = 7\n')
  daemon.kill('SIGHUP')
  await told('configuration kept')
  expect(await limit()).toBe('7')
})

test('drayd uses the sockets that systemd passes, but none that are meant for another process', async () => {
  const ended = await runDrayd(['--host', 'fd://', '--store', at('store')], { LISTEN_FDS: '1', LISTEN_PID: '1' })
  expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining('socket unit')])
})

test('check-config prints what is set and reports what is wrong', async () => {
  const good = await runDrayd(['check-config', '--admin-host', 'tcp://127.0.0.1:1'], { DRAYD_LOG_LEVEL: 'warn' })
  expect(good).toMatchObject({ status: 0, stdout: 'admin.host = "tcp://127.0.0.1:1"\nlog-level = "warn"\n' })
  const bad = await runDrayd(['check-config', '--log-level', 'loud'])
  expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('expected one of debug, info')])
  expect((await runDrayd(['--unknown'])).status).toBe(2)
  expect((await runDrayd(['--host', 'file:///x', '--store', at('store')])).status).toBe(2)
})

test.each([
  [['--host', 'nonsense'], 'unix://PATH'],
  [['--host', ','], 'no host is set'],
  [['--host', 'tcp://0.0.0.0:1'], 'tls-client-ca'],
  [['--admin-host', 'tcp://0.0.0.0:1'], 'is no address of this machine'],
  [['--platform', 'a b/c'], 'Cannot use platform'],
  [['--group', 'nobody-has-this-group'], 'no such group'],
  [['--registry-mirrors', 'ht tp://x'], 'Cannot use registry-mirrors:'],
  [['--insecure-registries', '10.0.0.0/99'], 'Cannot use insecure-registries:'],
  [['--tls-cert', '/none', '--tls-key', '/none'], '"/none"'],
  [['--tls-cert', '/etc/hostname', '--tls-key', '/etc/hostname'], '"/etc/hostname"'],
  [['--registry-host', 'tcp://127.0.0.1:1', '--registry-htpasswd', '/none'], '"/none"'],
  [['--registry-host', 'tcp://127.0.0.1:1', '--registry-htpasswd', '/etc/passwd'], '"/etc/passwd"'],
])('%j is reported by check-config and keeps drayd from starting', async (args, why) => {
  const wanted = [2, expect.stringContaining(why)]
  const checked = await runDrayd(['check-config', ...args])
  expect([checked.status, checked.stderr]).toEqual(wanted)
  const started = await runDrayd(['--store', at('store'), ...args])
  expect([started.status, started.stderr]).toEqual(wanted)
  expect(await readdir(directory.path)).toEqual([])
})

test('a list flag that is given twice has both values', async () => {
  const daemon = await start(['--host', `unix://${at('a')}`, '--host', `unix://${at('b')}`])
  expect(daemon.places).toEqual([`unix://${at('a')}`, `unix://${at('b')}`])
})

test('a port in use is a failure with its reason', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const ended = await runDrayd(['--host', `tcp://127.0.0.1:${port}`, '--loopback-without-tls', '--store', at('store')])
  expect([ended.status, ended.stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')])
  taken.close()
})
