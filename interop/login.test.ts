import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import {
  buildImage,
  run,
  runOk,
  startDockerRegistry,
  tempDir,
  writeOciLayout,
  type DockerRegistry,
  type RunResult,
  type TempDir,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { DRAY } from './dray.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker-registry', 'skopeo', 'docker')

/** "alice" with the password "secret", by bcrypt. */
const HTPASSWD = 'alice:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n'

describe.skipIf(!here)('a login', () => {
  let work: TempDir
  let registry: DockerRegistry
  let mirror: DockerRegistry

  beforeAll(async () => {
    work = await tempDir()
    const htpasswd = path.join(work.path, 'htpasswd')
    await writeFile(htpasswd, HTPASSWD)
    const auth = { htpasswd: { realm: 'registry', path: htpasswd } }
    registry = await startDockerRegistry({ directory: path.join(work.path, 'registry'), config: { auth } })
    mirror = await startDockerRegistry({ directory: path.join(work.path, 'mirror') })
    const layout = path.join(work.path, 'layout')
    await writeOciLayout(layout, await buildImage(), 'latest')
    for (const { host } of [registry, mirror]) {
      const target = ['--dest-tls-verify=false', '--dest-creds=alice:secret', `docker://${host}/app:1`]
      await runOk('skopeo', ['copy', `oci:${layout}:latest`, ...target])
    }
  })
  afterAll(async () => {
    await registry?.stop()
    await mirror?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const at = (home: string): { readonly env: Record<string, string | undefined> } => ({
    env: {
      HOME: path.join(work.path, home),
      XDG_RUNTIME_DIR: path.join(work.path, home, 'run'),
      DOCKER_CONFIG: undefined,
      REGISTRY_AUTH_FILE: undefined,
    },
  })
  const dray = (home: string, args: readonly string[], input = ''): Promise<RunResult> => {
    const [node = '', script = ''] = DRAY
    return run(node, [script, '--store', path.join(work.path, home, 'store'), ...args], { ...at(home), input })
  }
  const inspect = (home: string): Promise<RunResult> =>
    run('skopeo', ['inspect', '--tls-verify=false', `docker://${registry.host}/app:1`], at(home))

  test('of dray is used by skopeo and docker, and is gone after dray logout', async () => {
    await mkdir(path.join(work.path, 'ours'))
    const login = await dray('ours', ['login', '-u', 'alice', '--password-stdin', registry.host], 'secret\n')
    expect(login).toMatchObject({ code: 0, stdout: 'Login Succeeded\n' })
    const file = path.join(work.path, 'ours/.docker/config.json')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await inspect('ours')).toMatchObject({ code: 0 })
    const manifest = ['manifest', 'inspect', '--insecure', `${registry.host}/app:1`]
    await runOk('docker', manifest, at('ours'))
    expect(await dray('ours', ['pull', '-q', `${registry.host}/app:1`])).toMatchObject({ code: 0 })
    await dray('ours', ['logout', registry.host])
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ auths: {} })
    expect((await inspect('ours')).code).not.toBe(0)
    expect((await run('docker', manifest, at('ours'))).code).not.toBe(0)
  })

  test('of skopeo is used by dray, which leaves it in place', async () => {
    const file = path.join(work.path, 'theirs/.config/containers/auth.json')
    const args = ['login', '--tls-verify=false', '--authfile', file, '-u', 'alice', '-p', 'secret', registry.host]
    await mkdir(path.dirname(file), { recursive: true })
    await runOk('skopeo', args, at('theirs'))
    expect(await dray('theirs', ['digest', `${registry.host}/app:1`])).toMatchObject({ code: 0 })
    const logout = await dray('theirs', ['logout', registry.host])
    expect(logout).toMatchObject({ code: 0, stdout: `Not logged in to ${registry.host}\n` })
    expect(logout.stderr).toContain('another file or variable still has a login')
  })

  test('never reaches a mirror of the registry, from which dray pulls as podman does', async () => {
    const conf = path.join(work.path, 'mirrored/.config/containers/registries.conf')
    await mkdir(path.dirname(conf), { recursive: true })
    await writeFile(
      conf,
      `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n[[registry.mirror]]\nlocation = "${mirror.host}"\ninsecure = true\n`,
    )
    const before = (await registry.requests()).length
    expect(await dray('mirrored', ['pull', '-q', `${registry.host}/app:1`])).toMatchObject({ code: 0, stderr: '' })
    expect((await registry.requests()).slice(before)).toEqual([])
    const raw = await runOk('skopeo', ['inspect', '--raw', `docker://${registry.host}/app:1`], at('mirrored'))
    const ours = await dray('mirrored', ['manifest', '--raw', `${registry.host}/app:1`])
    expect(ours).toMatchObject({ code: 0, stdout: raw.stdout })
  })
})
