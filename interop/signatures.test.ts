import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, buildIndex, findPeer, randomBytes, run, runOk, tempDir, writeOciLayout } from '@drayage/testkit'
import type { TempDir, TestIndex } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { drayOk } from './dray.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { havePeers } from './peer.ts'

const here = havePeers('docker')
const cosign = findPeer('cosign')
const crane = findPeer('crane')
const regctl = findPeer('regctl')
const oras = findPeer('oras')
for (const [name, found] of Object.entries({ cosign, crane, regctl, oras })) {
  if (found === undefined) process.stderr.write(`skipped in part: no ${name} on PATH, which go install builds\n`)
}

/** How a client keeps what it attaches. */
type Mode = 'tags' | 'referrers'

/** Signing without the services of the internet. */
const OFFLINE = ['--tlog-upload=false', '--use-signing-config=false', '-y']

describe.skipIf(!here)('signatures, attestations and artifacts at the registry endpoint', () => {
  let work: TempDir
  let drayd: Drayd
  let host: string
  let index: TestIndex
  let layout: string

  beforeAll(async () => {
    work = await tempDir()
    await mkdir(path.join(work.path, 'home'))
    drayd = await startDrayd(work.path, ['--registry-host', 'tcp://127.0.0.1:0', '--registry-anonymous', 'push'])
    host = (drayd.places[1] ?? '').replace('tcp://', '')
    const image = await buildImage({ layers: [[{ path: 'data', content: randomBytes(1, 100_000) }]] })
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    index = buildIndex([image, arm])
    layout = path.join(work.path, 'layout')
    await writeOciLayout(layout, index, '1')
    await writeFile(path.join(work.path, 'sbom.json'), '{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3"}')
    if (cosign !== undefined) await sign('generate-key-pair')
  })
  afterAll(async () => {
    await drayd?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const env = (): Record<string, string> => ({
    HOME: path.join(work.path, 'home'),
    COSIGN_PASSWORD: '',
    COSIGN_EXPERIMENTAL: '1',
  })
  const sign = async (...args: readonly string[]): Promise<string> =>
    (await runOk(cosign ?? '', args, { cwd: work.path, env: env() })).stdout
  const store = (): string => path.join(work.path, 'client')
  const subject = (repository: string): string => `${host}/${repository}@${index.manifest.digest}`
  const listed = async (): Promise<string[]> =>
    (await drayd.docker(['images', '--format', '{{.Repository}}:{{.Tag}}'])).stdout.trim().split('\n').sort()

  const get = async (url: string): Promise<unknown> => (await fetch(`http://${host}/v2/${url}`)).json()

  async function put(url: string, method: string, body: Uint8Array, type = 'application/octet-stream'): Promise<void> {
    const headers = { 'content-type': type }
    const answer = await fetch(`http://${host}/v2/${url}`, { method, headers, body: new Uint8Array(body) })
    expect(answer.status).toBe(201)
  }

  /** What is kept with the image: its tags, and its referrers by the API. */
  async function attached(repository: string): Promise<{ tags: string[]; referrers: string[] }> {
    const { tags } = (await get(`${repository}/tags/list`)) as { tags: string[] }
    const list = (await get(`${repository}/referrers/${index.manifest.digest}`)) as { manifests: { digest: string }[] }
    return { tags: tags.filter((tag) => tag !== '1'), referrers: list.manifests.map(({ digest }) => digest) }
  }

  /** Copies the image with all that is attached to it, by each tool that can. */
  async function copies(mode: Mode, from: string): Promise<string[]> {
    const [source, target] = [`${host}/${from}`, (tool: string): string => `${host}/${from}-${tool}`]
    await drayOk(store(), 'copy', '--all', '--referrers', `docker://${source}:1`, `docker://${target('dray')}:1`)
    const made = ['dray']
    if (crane !== undefined && mode === 'tags') {
      await runOk(crane, ['copy', '--all-tags', '--insecure', source, target('crane')])
      made.push('crane')
    }
    if (regctl !== undefined) {
      const plain = ['--host', `reg=${host},tls=disabled`]
      const words = ['image', 'copy', '--digest-tags', '--referrers', `${source}:1`, `${target('regctl')}:1`]
      await runOk(regctl, [...plain, ...words], { env: env() })
      made.push('regctl')
    }
    if (oras !== undefined && mode === 'referrers') {
      const plain = ['--from-plain-http', '--to-plain-http']
      await runOk(oras, ['copy', '-r', ...plain, `${source}:1`, `${target('oras')}:1`], { env: env() })
      made.push('oras')
    }
    return made.map((tool) => `${from}-${tool}`)
  }

  test.skipIf(cosign === undefined).each<[Mode, readonly string[], readonly string[]]>([
    ['tags', ['--new-bundle-format=false'], ['--registry-referrers-mode=legacy']],
    ['referrers', ['--new-bundle-format=true'], ['--registry-referrers-mode=oci-1-1']],
  ])(
    'cosign signs, attests, attaches an SBOM and verifies by %s, also after each copy',
    async (mode, format, attach) => {
      const repository = `cosign/${mode}`
      await drayOk(store(), 'copy', '--all', `oci:${layout}:1`, `docker://${host}/${repository}:1`)
      const key = ['--key', 'cosign.key']
      await sign('sign', ...key, ...OFFLINE, ...format, subject(repository))
      await sign('attest', ...key, ...OFFLINE, ...format, '--predicate', 'sbom.json', subject(repository))
      await sign('attach', 'sbom', '--sbom', 'sbom.json', ...attach, subject(repository))
      const made = await attached(repository)
      expect([made.tags.length, made.referrers.length]).toEqual(mode === 'tags' ? [3, 0] : [0, 3])
      const repositories = [repository, ...(await copies(mode, repository))]
      if (mode === 'tags') {
        await sign('copy', `${host}/${repository}:1`, `${host}/${repository}-cosign:1`)
        repositories.push(`${repository}-cosign`)
      }
      for (const copy of repositories) {
        const found = await attached(copy)
        expect([copy, found.tags]).toEqual([copy, expect.arrayContaining(made.tags)])
        expect([copy, found.referrers]).toEqual([copy, made.referrers])
        const verify = ['--key', 'cosign.pub', '--insecure-ignore-tlog', ...format]
        expect(await sign('verify', ...verify, subject(copy))).toContain(index.manifest.digest)
        expect(await sign('verify-attestation', ...verify, subject(copy))).toContain('payload')
      }
      // Only the image is one, wherever its signatures are; `cosign copy` tags each image by its digest too.
      const images = (await listed()).filter((name) => name.startsWith(repository) && !name.includes(':sha256-'))
      expect(images).toEqual(repositories.map((name) => `${name}:1`).sort())
    },
  )

  test.each<[Mode]>([['tags'], ['referrers']])('what is kept by %s is copied by every tool', async (mode) => {
    const repository = `kept/${mode}`
    const { digest, mediaType, size } = index.manifest
    await drayOk(store(), 'copy', '--all', `oci:${layout}:1`, `docker://${host}/${repository}:1`)
    const signature = await buildImage({
      manifest:
        mode === 'tags' ? {} : { artifactType: 'application/x.signature', subject: { digest, mediaType, size } },
    })
    for (const [blob, body] of signature.blobs) {
      await put(`${repository}/blobs/uploads/?digest=${blob}`, 'POST', body)
    }
    const name = mode === 'tags' ? `${digest.replace(':', '-')}.sig` : signature.manifest.digest
    const { mediaType: type } = signature.manifest
    await put(`${repository}/manifests/${name}`, 'PUT', signature.manifestBytes, type)
    const made = await attached(repository)
    for (const copy of await copies(mode, repository)) expect([copy, await attached(copy)]).toEqual([copy, made])
  })

  test.skipIf(oras === undefined).each([
    ['a Wasm module', 'application/vnd.wasm.config.v0+json', 'application/wasm'],
    ['a helm chart', 'application/vnd.cncf.helm.config.v1+json', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip'],
    ['an attestation of buildkit', 'application/vnd.oci.image.config.v1+json', 'application/vnd.in-toto+json'],
  ])(
    '%s is tagged alone, pulled as it was pushed, and is content with a name for docker',
    async (what, config, layer) => {
      const name = `${host}/alone/${what.split(' ').at(-1)?.toLowerCase()}:1`
      const local = name.slice(host.length + 1)
      const directory = path.join(work.path, what)
      await mkdir(directory)
      const platform = { architecture: 'unknown', os: 'unknown', rootfs: { type: 'layers', diff_ids: [] } }
      await writeFile(path.join(directory, 'config.json'), JSON.stringify(platform))
      await writeFile(path.join(directory, 'content'), randomBytes(2, 5000))
      const push = ['push', '--plain-http', '--config', `config.json:${config}`, name, `content:${layer}`]
      await runOk(oras ?? '', push, { cwd: directory, env: env() })
      const pulled = path.join(directory, 'pulled')
      await runOk(oras ?? '', ['pull', '--plain-http', '-o', pulled, name], { cwd: directory, env: env() })
      await runOk('cmp', [path.join(directory, 'content'), path.join(pulled, 'content')])
      expect(await listed()).toContain(local)
      const inspected = await drayd.docker(['image', 'inspect', '-f', '{{.Os}}{{.Architecture}}', local])
      expect([inspected.code, inspected.stdout.trim()]).toEqual([0, ''])
      const created = await drayd.docker(['run', local])
      expect(created.code).not.toBe(0)
      const removed = await drayd.docker(['rmi', local])
      expect([removed.code, removed.stdout]).toEqual([0, expect.stringContaining(`Untagged: ${local}`)])
      expect((await run(oras ?? '', ['manifest', 'fetch', '--plain-http', name], { env: env() })).code).not.toBe(0)
    },
  )
})
