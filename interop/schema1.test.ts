import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { schema1Payload } from '@drayage/manifest'
import {
  runOk,
  startDockerd,
  startDockerRegistry,
  tempDir,
  type Dockerd,
  type DockerRegistry,
  type TempDir,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dray, drayOk, startDray } from './dray.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { havePeers } from './peer.ts'
import { pushSchema1Images } from './schema1-images.ts'

const here = havePeers('docker-registry', 'skopeo', 'dockerd', 'docker')

/** What is compared through clients. */
const SHOWN = '{{.Id}} {{json .RootFS}} {{json .RepoDigests}} {{.Created}} {{.Author}} {{json .Config.Cmd}}'

/** What is compared of an image; the ID is that of its config, byte for byte. */
function facts(inspected: string): unknown {
  const [image] = JSON.parse(inspected)
  const { Id, Created, Author, Comment, DockerVersion, Os, Architecture, RootFS, RepoDigests } = image
  return { Id, Created, Author, Comment, DockerVersion, Os, Architecture, RootFS, RepoDigests }
}

describe.skipIf(!here)('an image that only schema 1 describes', () => {
  let work: TempDir
  let registry: DockerRegistry
  let modern: DockerRegistry
  let dockerd: Dockerd
  let store: string
  let images: readonly string[]
  const expected = new Map<string, string>()

  beforeAll(async () => {
    work = await tempDir()
    const config = { compatibility: { schema1: { enabled: true } } }
    registry = await startDockerRegistry({ directory: path.join(work.path, 'registry'), config })
    modern = await startDockerRegistry({ directory: path.join(work.path, 'modern') })
    dockerd = await startDockerd({ directory: path.join(work.path, 'docker') })
    store = path.join(work.path, 'store')
    images = await pushSchema1Images(path.join(work.path, 'images'), registry.host)
    for (const image of images) {
      const pulled = await dockerd.docker(['pull', image])
      if (pulled.code !== 0) throw new Error(pulled.stderr)
      expected.set(image, (await dockerd.docker(['image', 'inspect', image])).stdout)
    }
  })
  afterAll(async () => {
    await dockerd?.stop()
    await modern?.stop()
    await registry?.stop()
    await work?.[Symbol.asyncDispose]()
  })

  const idOf = (image: string): string => JSON.parse(expected.get(image) ?? '[{}]')[0].Id
  const nameOf = (image: string): string => image.slice(image.lastIndexOf(':') + 1)

  test('is pulled with the ID, config, history and layers that Docker Engine gives it', async () => {
    expect(images).toHaveLength(5)
    for (const image of images) {
      await drayOk(store, 'pull', '-q', image)
      expect(facts(await drayOk(store, 'inspect', image))).toEqual(facts(expected.get(image) ?? ''))
      const history = await drayOk(store, 'history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', image)
      const docker = await dockerd.docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', image])
      expect(history).toBe(docker.stdout)
    }
  })

  test('is pulled by its digest, with all tags of its repository, and again without a layer', async () => {
    const other = path.join(work.path, 'other')
    const [first = ''] = images
    const [digest = ''] = JSON.parse(expected.get(first) ?? '[{}]')[0].RepoDigests
    await drayOk(other, 'pull', '-q', digest)
    expect(JSON.parse(await drayOk(other, 'inspect', digest))[0].Id).toBe(idOf(first))
    await drayOk(other, 'pull', '-q', '-a', first.slice(0, first.lastIndexOf(':')))
    for (const image of images.filter((each) => each.includes('converted'))) {
      expect(JSON.parse(await drayOk(other, 'inspect', image))[0].Id).toBe(idOf(image))
    }
    const again = await dray(other, '--progress', 'plain', 'pull', first)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout + again.stderr).toContain(`Image is up to date for ${first}`)
    expect(again.stdout + again.stderr).toContain('uses outdated schema1 manifest format')
  })

  test('is pulled by docker through drayd with the same ID', async () => {
    const directory = path.join(work.path, 'drayd')
    await using daemon = await startOwnDrayd(directory)
    for (const image of images) {
      expect(await daemon.docker(['pull', image])).toMatchObject({ code: 0 })
      const { stdout } = await daemon.docker(['image', 'inspect', '-f', SHOWN, image])
      expect(stdout).toBe((await dockerd.docker(['image', 'inspect', '-f', SHOWN, image])).stdout)
    }
  })

  test('is refused unread where schema 2 is required, in the words of Docker Engine', async () => {
    const [first = ''] = images
    const empty = path.join(work.path, 'empty')
    for (const verb of [
      ['pull', first],
      ['copy', first, `oci:${path.join(work.path, 'refused')}`],
      ['copy', first, `docker://${registry.host}/refused:1`],
    ]) {
      const { code, stderr } = await dray(empty, '--require-schema2', ...verb)
      expect(code).toBe(1)
      expect(stderr).toContain('invalid manifest: not schema2')
    }
    await using daemon = await startOwnDrayd(path.join(work.path, 'strict'), ['--require-schema2'])
    const { code, stderr } = await daemon.docker(['pull', first])
    expect(code).not.toBe(0)
    expect(stderr).toContain('invalid manifest: not schema2')
  })

  test('is copied to a registry that takes schema 1 as it is, and pulled from there', async () => {
    for (const image of images) {
      const copy = `${registry.host}/copied/as-it-is:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', image, `docker://${copy}`)
      expect(await payloadOf(copy)).toBe(await payloadOf(image))
      expect(await drayOk(store, 'digest', copy)).toBe(await drayOk(store, 'digest', image))
      await drayOk(store, 'pull', '-q', copy)
      expect(JSON.parse(await drayOk(store, 'inspect', copy))[0].Id).toBe(idOf(image))
    }
  })

  test('is copied as schema 2 to a registry that takes no schema 1, or where that is asked for', async () => {
    for (const image of images) {
      const copy = `${modern.host}/copied:${nameOf(image)}`
      const { code, stderr } = await dray(store, 'copy', '-q', image, `docker://${copy}`)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      const asked = `${registry.host}/copied/asked:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', '--manifest-format', 'v2s2', image, `docker://${asked}`)
      expect(await raw(asked)).toBe(await raw(copy))
      expect(JSON.parse(await raw(copy)).config.digest).toBe(idOf(image))
      const oci = `${registry.host}/copied/oci:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', '--manifest-format', 'oci', image, `docker://${oci}`)
      expect(JSON.parse(await raw(oci))).toMatchObject({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { digest: idOf(image) },
      })
    }
  })

  test('is copied to layouts and archives, which skopeo and Docker Engine read under the same ID', async () => {
    for (const image of images) {
      const file = path.join(work.path, `file-${nameOf(image)}`)
      for (const place of [`oci:${file}-layout:1`, `oci-archive:${file}.oci.tar:1`]) {
        await drayOk(store, 'copy', '-q', image, place)
        const { stdout } = await runOk('skopeo', ['inspect', '--raw', place])
        expect(JSON.parse(stdout).config.digest).toBe(idOf(image))
      }
      const archive = `docker-archive:${file}.tar:copied/archive:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', image, archive)
      await runOk('skopeo', ['inspect', archive])
      await dockerd.docker(['rmi', '-f', idOf(image)])
      expect(await dockerd.docker(['load', '-i', `${file}.tar`])).toMatchObject({ code: 0 })
      const loaded = await dockerd.docker(['image', 'inspect', '-f', '{{.Id}}', `copied/archive:${nameOf(image)}`])
      expect(loaded.stdout.trim()).toBe(idOf(image))
    }
  })

  test('is copied to a directory as skopeo does it, and loaded and copied from there', async () => {
    for (const image of images) {
      const directory = path.join(work.path, `dir-${nameOf(image)}`)
      await drayOk(store, 'copy', '-q', image, `dir:${directory}`)
      const back = `${registry.host}/copied/from-dir:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', `dir:${directory}`, `docker://${back}`)
      expect(await payloadOf(back)).toBe(await payloadOf(image))
      const skopeo = path.join(work.path, `skopeo-${nameOf(image)}`)
      await runOk('skopeo', ['copy', '--src-tls-verify=false', `docker://${image}`, `dir:${skopeo}`])
      const loading = path.join(work.path, `loaded-${nameOf(image)}`)
      for (const from of [directory, skopeo]) {
        await drayOk(loading, 'load', '-q', '-i', from)
        expect(await drayOk(loading, 'images', '-q', '--no-trunc')).toBe(`${idOf(image)}\n`)
      }
    }
  })

  test('goes from the store as schema 2, and as it came where digests are to stay', async () => {
    for (const image of images) {
      await drayOk(store, 'pull', '-q', image)
      const pushed = `${modern.host}/pushed:${nameOf(image)}`
      await drayOk(store, 'tag', image, pushed)
      await drayOk(store, 'push', '-q', pushed)
      expect(JSON.parse(await raw(pushed)).config.digest).toBe(idOf(image))
      const kept = `${registry.host}/copied/kept:${nameOf(image)}`
      await drayOk(store, 'copy', '-q', '--preserve-digests', `store:${image}`, `docker://${kept}`)
      expect(await payloadOf(kept)).toBe(await payloadOf(image))
      const [came, went] = ['came', 'went'].map((each) => path.join(work.path, `${each}-${nameOf(image)}`))
      await drayOk(store, 'copy', '-q', '--preserve-digests', `store:${image}`, `dir:${came}`)
      const loading = path.join(work.path, `kept-${nameOf(image)}`)
      await drayOk(loading, 'copy', '-q', `dir:${came}`, 'store:kept:1')
      await drayOk(loading, 'copy', '-q', '--preserve-digests', 'store:kept:1', `dir:${went}`)
      expect(await filesIn(went)).toEqual(await filesIn(came))
      const { code, stderr } = await dray(
        store,
        ...['copy', '-q', '--preserve-digests', `store:${image}`, `docker://${modern.host}/kept:1`],
      )
      expect(code).not.toBe(0)
      expect(stderr).toContain('it takes no schema 1')
    }
  })

  test('is written by our own v2s1 so that it is read back', async () => {
    const [first = ''] = images
    const modernName = `${modern.host}/copied:${nameOf(first)}`
    const written = `${registry.host}/written:1`
    await drayOk(store, 'copy', '-q', '--manifest-format', 'v2s1', `docker://${modernName}`, `docker://${written}`)
    const back = path.join(work.path, 'back')
    await drayOk(back, 'pull', '-q', written)
    expect(await dockerd.docker(['pull', written])).toMatchObject({ code: 0 })
    const { stdout } = await dockerd.docker(['image', 'inspect', written])
    expect(facts(await drayOk(back, 'inspect', written))).toEqual(facts(stdout))
  })

  test('is chosen in a manifest list', async () => {
    const [first = ''] = images
    const digest = (await drayOk(store, 'digest', first)).trim()
    const type = 'application/vnd.docker.distribution.manifest'
    const size = (await payloadOf(first)).length
    const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' }
    const manifests = [{ mediaType: `${type}.v1+prettyjws`, digest, size, platform }]
    const list = JSON.stringify({ schemaVersion: 2, mediaType: `${type}.list.v2+json`, manifests })
    const repository = first.slice(0, first.lastIndexOf(':'))
    const answer = await fetch(`http://${repository.replace('/', '/v2/')}/manifests/list`, {
      method: 'PUT',
      headers: { 'content-type': `${type}.list.v2+json` },
      body: list,
    })
    expect(answer.status).toBe(201)
    const name = `${repository}:list`
    expect(await dockerd.docker(['pull', name])).toMatchObject({ code: 0 })
    const own = path.join(work.path, 'list')
    await drayOk(own, 'pull', '-q', name)
    const docker = await dockerd.docker(['image', 'inspect', name])
    const ids = [docker.stdout, await drayOk(own, 'inspect', name)].map((text) => JSON.parse(text)[0].Id)
    expect(ids).toEqual([idOf(first), idOf(first)])
    const kept = `${registry.host}/copied/list:1`
    await drayOk(own, 'copy', '-q', '--all', name, `docker://${kept}`)
    expect(await raw(kept)).toBe(list)
    await drayOk(own, 'copy', '-q', '--all', name, `oci:${path.join(work.path, 'list-layout')}:1`)
  })

  test('is copied to a Docker Engine, and planned', async () => {
    const [first = ''] = images
    const target = 'copied/daemon:1'
    const env = { ...process.env, DOCKER_HOST: `unix://${dockerd.socket}` }
    const { code, stderr } = await startDray(store, ['copy', '-q', first, `docker-daemon:${target}`], env).finished
    expect({ code, stderr }).toMatchObject({ code: 0 })
    const { stdout } = await dockerd.docker(['image', 'inspect', '-f', '{{.Id}}', target])
    expect(stdout.trim()).toBe(idOf(first))
    const planned = await drayOk(store, 'copy', '--dry-run', first, `docker://${registry.host}/planned:1`)
    expect(planned).toContain((await drayOk(store, 'digest', first)).trim())
  })

  test('is synchronised once, and is equal after that', async () => {
    const file = path.join(work.path, 'sync.json')
    const from = (images[0] ?? '').replace(/:[^:]*$/, '')
    const layout = path.join(work.path, 'synced')
    for (const to of [`docker://${registry.host}/copied/synced`, `oci:${layout}`]) {
      await writeFile(
        file,
        JSON.stringify({ images: [{ from: `docker://${from}`, to, tags: ['plain', 'throwaway'] }] }),
      )
      const sync = ['sync', '--state', path.join(work.path, 'state'), file]
      expect((await drayOk(store, ...sync)).match(/^copied /gm)).toHaveLength(2)
      expect((await drayOk(store, ...sync)).match(/^equal /gm)).toHaveLength(2)
    }
  })

  /** What is signed: the registry signs it anew for each answer. */
  const payloadOf = async (image: string): Promise<string> =>
    Buffer.from(schema1Payload(Buffer.from(await raw(image)))).toString()
  const raw = async (image: string): Promise<string> =>
    (await runOk('skopeo', ['inspect', '--raw', '--tls-verify=false', `docker://${image}`])).stdout
})

async function filesIn(directory: string | undefined): Promise<Map<string, Buffer>> {
  const names = await readdir(directory ?? '')
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(directory ?? '', name))] as const)),
  )
}

async function startOwnDrayd(directory: string, args: readonly string[] = []): Promise<Drayd & AsyncDisposable> {
  await mkdir(directory, { recursive: true })
  const daemon = await startDrayd(directory, args)
  return Object.assign(daemon, { [Symbol.asyncDispose]: () => daemon.stop() })
}
