import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'

import { runOk, startDockerd, startDockerRegistry, tempDir, type DockerRegistry, type TempDir } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { debianImage, type DebianImage } from './debian-image.ts'
import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { blobRequests, requestCount } from './registry-log.ts'

const here = havePeers('docker-registry', 'skopeo', 'umoci', 'debootstrap', 'dockerd', 'docker')

describe.skipIf(!here)('a Debian image from docker-registry', () => {
  let work: TempDir
  let registry: DockerRegistry
  let image: DebianImage
  let store: string
  let reference: string
  let digest: string
  let configDigest: string

  beforeAll(async () => {
    work = await tempDir()
    image = await debianImage()
    registry = await startDockerRegistry({ directory: path.join(work.path, 'registry') })
    reference = `${registry.host}/debian:bookworm`
    await runOk('skopeo', [
      'copy',
      '--dest-tls-verify=false',
      `oci:${image.layout}:${image.tag}`,
      `docker://${reference}`,
    ])
    const raw = await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${reference}`])
    digest = `sha256:${createHash('sha256').update(raw.output).digest('hex')}`
    configDigest = JSON.parse(raw.stdout).config.digest
    store = path.join(work.path, 'store')
  })
  afterAll(async () => {
    await registry?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  test('is pulled by tag', async () => {
    const lines = (await drayOk(store, 'pull', reference)).trimEnd().split('\n')
    expect(lines[0]).toBe('bookworm: Pulling from debian')
    expect(lines.filter((line) => line.endsWith(': Pull complete'))).toHaveLength(7)
    expect(lines.slice(-3)).toEqual([`Digest: ${digest}`, `Status: Downloaded newer image for ${reference}`, reference])
  })

  test('is not downloaded again when it is up to date', async () => {
    const before = await requestCount(registry)
    const lines = (await drayOk(store, 'pull', reference)).trimEnd().split('\n')
    expect(lines).toContain(`Status: Image is up to date for ${reference}`)
    expect(await blobRequests(registry, before)).toEqual([])
  })

  test('is pulled by digest, from what the store has', async () => {
    const byDigest = `${registry.host}/debian@${digest}`
    const before = await requestCount(registry)
    const lines = (await drayOk(store, 'pull', byDigest)).trimEnd().split('\n')
    expect(lines[0]).toBe(`${byDigest}: Pulling from debian`)
    expect(lines.at(-1)).toBe(byDigest)
    expect(await blobRequests(registry, before)).toEqual([])
  })

  test('is pulled by digest into an empty store', async () => {
    const other = path.join(work.path, 'by-digest')
    await drayOk(other, 'pull', '-q', `${registry.host}/debian@${digest}`)
    expect(JSON.parse(await drayOk(other, 'inspect', `${registry.host}/debian@${digest}`))[0].Id).toBe(configDigest)
  })

  test('is shown with the field names of docker; its ID is the digest of its config', async () => {
    const [shown] = JSON.parse(await drayOk(store, 'inspect', reference))
    const remote = JSON.parse(
      (await runOk('skopeo', ['inspect', '--config', '--tls-verify=false', `docker://${reference}`])).stdout,
    )
    expect(shown).toMatchObject({
      Id: configDigest,
      RepoTags: [reference],
      RepoDigests: [`${registry.host}/debian@${digest}`],
      Architecture: remote.architecture,
      Os: remote.os,
      Config: { Cmd: ['/bin/bash'] },
      RootFS: { Type: 'layers', Layers: remote.rootfs.diff_ids },
    })
    const short = configDigest.slice('sha256:'.length, 'sha256:'.length + 12)
    expect(await drayOk(store, 'images')).toMatch(new RegExp(`^${registry.host}/debian +bookworm +${short} `, 'm'))
  })

  test('is saved as a docker-archive that skopeo reads and dockerd loads under the same ID', async () => {
    const file = path.join(work.path, 'debian.tar')
    await drayOk(store, 'save', '-o', file, reference)
    const read = JSON.parse((await runOk('skopeo', ['inspect', `docker-archive:${file}`])).stdout)
    expect(read.Layers).toEqual(JSON.parse(await drayOk(store, 'inspect', reference))[0].RootFS.Layers)
    await using docker = await startDockerd({ directory: path.join(work.path, 'docker') })
    expect((await docker.docker(['load', '-i', file])).stdout).toContain(`Loaded image: ${reference}`)
    const loaded = await docker.docker(['inspect', '--format', '{{.Id}}', reference])
    expect(loaded.stdout.trim()).toBe(configDigest)
  })

  test('is saved to a pipe with the same bytes as to a file, twice', async () => {
    const [first, second, piped] = ['first.tar', 'second.tar', 'piped.tar'].map((name) => path.join(work.path, name))
    await drayOk(store, 'save', '-o', first ?? '', reference)
    await drayOk(store, 'save', '-o', second ?? '', reference)
    const bin = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')
    await runOk('sh', [
      '-c',
      '"$0" "$1" --store "$2" save "$3" > "$4"',
      process.execPath,
      bin,
      store,
      reference,
      piped ?? '',
    ])
    const sum = (await runOk('sha256sum', [first ?? ''])).stdout.split(' ')[0] ?? ''
    expect((await runOk('sha256sum', [second ?? ''])).stdout).toContain(sum)
    expect((await runOk('sha256sum', [piped ?? ''])).stdout).toContain(sum)
  })

  test('is saved as an OCI layout with unchanged digests', async () => {
    const layout = path.join(work.path, 'layout')
    await drayOk(store, 'save', '--as', 'oci', '-o', layout, reference)
    await runOk('umoci', ['stat', '--image', `${layout}:bookworm`])
    const copied = path.join(work.path, 'copied')
    await runOk('skopeo', ['copy', `oci:${layout}:bookworm`, `oci:${copied}:bookworm`])
    for (const directory of [layout, copied]) {
      const index = JSON.parse(await readFile(path.join(directory, 'index.json'), 'utf8'))
      expect(index.manifests[0].digest).toBe(digest)
    }
  })

  test('shares its blobs with an image that is pulled after another was removed', async () => {
    // A second image: the first with one more layer. Then the first is removed and pulled again.
    const more = path.join(work.path, 'more')
    await runOk('cp', ['-r', image.layout, more])
    const extra = path.join(work.path, 'extra.tar')
    await runOk('tar', ['-C', path.join(import.meta.dirname), '-cf', extra, 'debian.test.ts'])
    await runOk('umoci', ['raw', 'add-layer', '--image', `${more}:${image.tag}`, extra])
    const other = `${registry.host}/more:latest`
    await runOk('skopeo', ['copy', '--dest-tls-verify=false', `oci:${more}:${image.tag}`, `docker://${other}`])
    await drayOk(store, 'rmi', '-f', configDigest)
    expect((await dray(store, 'inspect', reference)).code).toBe(3)
    await drayOk(store, 'pull', '-q', other)
    await drayOk(store, 'pull', '-q', reference)
    await drayOk(store, 'rmi', other)
    const before = await requestCount(registry)
    const lines = await drayOk(store, 'pull', other)
    expect(lines.match(/: Already exists$/gm)).toHaveLength(7)
    // The added layer and the config.
    expect(await blobRequests(registry, before)).toHaveLength(2)
  })

  test('leaves no blob behind when it is removed', async () => {
    const names = (await drayOk(store, 'images', '--format', '{{.ID}}')).trim().split('\n')
    for (const id of new Set(names)) await drayOk(store, 'rmi', '-f', id)
    expect((await drayOk(store, 'images', '-q')).trim()).toBe('')
    const left = await runOk('find', [path.join(store, 'blobs'), '-type', 'f'])
    expect(left.stdout).toBe('')
    expect((await stat(store)).mode & 0o777).toBe(0o700)
  })
})
