import { execFile, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { createMemoryStore, type HttpClient } from '@drayage/content'
import { buildImage, buildIndex, randomBytes, type TestIndex } from '@drayage/testkit'
import { expect, onTestFinished, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { tokenAuth } from '../auth/token-auth.ts'
import { createFsStorage } from './fs-storage.ts'
import { serve } from './serve.ts'

const run = promisify(execFile)
const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'drayage-skopeo-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

async function start(root: string, wrap: (registry: HttpClient) => HttpClient = (registry) => registry) {
  const storage = createFsStorage(join(root, 'registry'), createMemoryStore())
  const server = await serve(wrap(createRegistryHandler({ storage })))
  onTestFinished(() => server.close())
  return server
}

async function buildTwo(): Promise<TestIndex> {
  const content = randomBytes('layer', 1_500_000)
  const layers = [[{ path: 'big', content }], [{ path: 'small', content: 'x' }]]
  const amd64 = await buildImage({ layers })
  const arm64 = await buildImage({ layers, platform: { os: 'linux', architecture: 'arm64' } })
  return buildIndex([amd64, arm64])
}

async function writeLayout(path: string, index: TestIndex): Promise<void> {
  await mkdir(join(path, 'blobs', 'sha256'), { recursive: true })
  for (const [digest, bytes] of index.blobs) await writeFile(join(path, 'blobs', ...digest.split(':')), bytes)
  const annotations = { 'org.opencontainers.image.ref.name': 'latest' }
  const manifests = [{ ...index.manifest, annotations }]
  await writeFile(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  await writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
}

test.skipIf(!hasSkopeo)(
  'skopeo (skipped where it is not installed) pushes and pulls an index byte for byte',
  async () => {
    const root = await directory()
    const server = await start(root)
    const index = await buildTwo()
    await writeLayout(join(root, 'in'), index)
    const remote = `docker://${server.host}/team/app:1.0`
    const policy = ['--insecure-policy', 'copy', '--all']
    await run('skopeo', [...policy, '--dest-tls-verify=false', `oci:${join(root, 'in')}:latest`, remote])
    await run('skopeo', [...policy, '--src-tls-verify=false', remote, `oci:${join(root, 'out')}:latest`])
    for (const [digest, bytes] of index.blobs) {
      expect(new Uint8Array(await readFile(join(root, 'out', 'blobs', ...digest.split(':'))))).toEqual(bytes)
    }
    const { stdout } = await run('skopeo', ['list-tags', '--tls-verify=false', `docker://${server.host}/team/app`])
    expect(JSON.parse(stdout).Tags).toEqual(['1.0'])
    await run('skopeo', ['delete', '--tls-verify=false', remote])
    const gone = run('skopeo', ['inspect', '--tls-verify=false', remote])
    await expect(gone).rejects.toThrow(/manifest unknown/)
  },
)

test.skipIf(!hasSkopeo)('skopeo (skipped where it is not installed) logs in with tokens', async () => {
  const root = await directory()
  const server = await start(root, tokenAuth({ users: new Map([['alice', 'secret']]) }))
  await writeLayout(join(root, 'in'), await buildTwo())
  const copy = ['--insecure-policy', 'copy', '--all', '--dest-tls-verify=false']
  const ends = [`oci:${join(root, 'in')}:latest`, `docker://${server.host}/team/app:1.0`]
  await run('skopeo', [...copy, '--dest-creds', 'alice:secret', ...ends])
  await expect(run('skopeo', [...copy, '--dest-creds', 'alice:wrong', ...ends])).rejects.toThrow(
    /unauthorized|credentials/i,
  )
})
