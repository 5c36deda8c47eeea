import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { digestHex, digestOf } from '@drayage/digest'
import {
  buildImage,
  buildIndex,
  buildLayer,
  buildTar,
  describe as describeBytes,
  findPeer,
  randomBytes,
  run,
  runOk,
  startDockerd,
  type Dockerd,
  type TestFile,
  type TestImage,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { DRAY, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { podmanIn, type Podman } from './podman.ts'
import { useRegistry } from './registry-fixture.ts'

const here = havePeers('docker-registry', 'skopeo', 'umoci', 'dockerd', 'docker', 'podman')
const crane = findPeer('crane')
if (crane === undefined) process.stderr.write('skipped: what crane writes: missing on PATH: crane\n')

/** What `dray save` writes into one file. */
const FILES = ['docker-oci-archive', 'docker-archive', 'oci-archive'] as const

describe.skipIf(!here)('archives', () => {
  const fixture = useRegistry()
  let docker: Dockerd
  let podman: Podman
  let image: TestImage
  let zstd: TestImage
  let store: string
  let name: string
  let other: string

  beforeAll(async () => {
    const file = await buildLayer([{ path: 'a', content: randomBytes(1, 300_000) }])
    const empty = await buildLayer([])
    const link = await buildLayer([{ path: 'l', type: 'symlink', linkname: 'a' }])
    // Images built by docker say so, and keep their members when loaded from before manifest.json.
    const built: object = { docker_version: '20.10.24' }
    image = await buildImage({ layers: [file, empty, link, file, empty], config: { author: 'me & <you>', ...built } })
    zstd = await buildImage({
      layers: [await buildLayer([{ path: 'z', content: randomBytes(2, 90_000) }], { compression: 'zstd' }), empty],
    })
    docker = await startDockerd({ directory: await made('docker') })
    podman = podmanIn(await made('podman'))
    store = fixture.path('store')
    name = await fixture.push('image', image)
    other = name.replace('/image:latest', '/other/name:1.2')
    await drayOk(store, 'pull', '-q', name)
    await drayOk(store, 'tag', name, other)
    await drayOk(store, 'pull', '-q', await fixture.push('zstd', zstd))
  })
  afterAll(async () => {
    await docker?.stop()
  })

  async function made(directory: string): Promise<string> {
    await mkdir(fixture.path(directory), { recursive: true })
    return fixture.path(directory)
  }

  let stores = 0
  /** Loads into a new store, and checks that it is the same image under the same names. */
  async function expectLoaded(input: string, id: string, names: readonly string[]): Promise<string> {
    const own = fixture.path(`loaded-${stores++}`)
    const lines = (await drayOk(own, 'load', '-q', '-i', input)).trimEnd().split('\n')
    expect(lines.toSorted()).toEqual(
      names.length === 0 ? [`Loaded image ID: ${id}`] : names.map((each) => `Loaded image: ${each}`).toSorted(),
    )
    const [shown] = JSON.parse(await drayOk(own, 'inspect', id))
    expect(shown.Id).toBe(id)
    return shown.Descriptor.digest
  }

  async function dockerOk(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await docker.docker(args)
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: exit ${code}\n${stderr}`)
    return stdout
  }

  /** Loads ours into an empty dockerd, and returns the image IDs by name. */
  async function dockerLoad(file: string, names: readonly string[]): Promise<string[]> {
    expect((await dockerOk('load', '-q', '-i', file)).trimEnd().split('\n').toSorted()).toEqual(
      names.map((each) => `Loaded image: ${each}`).toSorted(),
    )
    return await dockerIds(names)
  }

  const dockerIds = (names: readonly string[]): Promise<string[]> =>
    Promise.all(names.map(async (each) => (await dockerOk('inspect', '-f', '{{.Id}}', each)).trim()))

  const removeAll = async (): Promise<void> => {
    const ids = (await dockerOk('images', '-q')).split('\n').filter((id) => id !== '')
    if (ids.length > 0) await dockerOk('rmi', '-f', ...new Set(ids))
    await podman('rmi', '-af')
  }

  test.each(FILES)('dray save --as %s gives the same bytes twice, also into a pipe', async (format) => {
    const sums = new Set<string>()
    for (const output of ['first.tar', 'second.tar', '-']) {
      const file = fixture.path(output === '-' ? 'piped.tar' : output)
      const args = [
        ...DRAY.slice(1),
        '--store',
        store,
        'save',
        '--as',
        format,
        '-o',
        output === '-' ? '-' : file,
        name,
        other,
      ]
      const { output: bytes } = await runOk(process.execPath, args)
      if (output === '-') await writeFile(file, bytes)
      sums.add(digestOf(await readFile(file)))
    }
    expect(sums.size).toBe(1)
  })

  test.each(['docker-oci-archive', 'docker-archive'] as const)(
    'docker 20.10 loads --as %s under the same ID, and what it saves comes back',
    async (format) => {
      await removeAll()
      const file = fixture.path(`for-docker-${format}.tar`)
      await drayOk(store, 'save', '--as', format, '-o', file, name, other)
      expect(await dockerLoad(file, [name, other])).toEqual([image.imageId, image.imageId])
      const saved = fixture.path('by-docker.tar')
      await dockerOk('save', '-o', saved, name, other)
      await expectLoaded(saved, image.imageId, [name, other])
      await writeFile(`${saved}.gz`, gzipSync(await readFile(saved)))
      await expectLoaded(`${saved}.gz`, image.imageId, [name, other])
      await writeFile(`${saved}.zst`, zstdCompressSync(await readFile(saved)))
      await expectLoaded(`${saved}.zst`, image.imageId, [name, other])
      await dockerOk('save', '-o', saved, image.imageId)
      await expectLoaded(saved, image.imageId, [])
    },
  )

  test('docker 20.10 loads an image of zstd layers from either format', async () => {
    for (const format of ['docker-oci-archive', 'docker-archive']) {
      await removeAll()
      const file = fixture.path('zstd.tar')
      const tag = name.replace('/image:', '/zstd:')
      await drayOk(store, 'save', '--as', format, '-o', file, tag)
      expect(await dockerLoad(file, [tag])).toEqual([zstd.imageId])
    }
  })

  test('docker 20.10 makes the same image as dray of an archive from before manifest.json', async () => {
    const file = fixture.path('legacy.tar')
    const ids: string[] = []
    for (const write of [
      () => drayOk(store, 'save', '--as', 'docker-archive', '-o', file, name, other),
      () => dockerOk('save', '-o', file, name, other),
    ]) {
      await write()
      await removeAll()
      const unpacked = await made(`legacy-${ids.length}`)
      await runOk('tar', ['-C', unpacked, '--exclude=manifest.json', '-xf', file])
      await runOk('tar', ['-C', unpacked, '-cf', file, '.'])
      // It prints nothing about such an archive.
      await dockerOk('load', '-q', '-i', file)
      const [id = '', second] = await dockerIds([name, other])
      expect(second).toBe(id)
      expect(id).not.toBe(image.imageId)
      await expectLoaded(file, id, [name, other])
      ids.push(id)
      // For the next round.
      await removeAll()
      await drayOk(store, 'save', '-o', file, name, other)
      await dockerLoad(file, [name, other])
    }
    expect(ids).toHaveLength(2)
  })

  test('an archive in the current format of docker survives a load and a save, with its index', async () => {
    // Docker Engine since 25 writes uncompressed layers and a new manifest, unless it has what it pulled.
    const layers = image.layers.map(({ tar }) => describeBytes('application/vnd.oci.image.layer.v1.tar', tar))
    const uncompressed = await buildImage({ layers: image.layers, config: image.configValue, manifest: { layers } })
    for (const [one, blobs] of [
      [image, image.blobs],
      [uncompressed, new Map([...uncompressed.blobs, ...image.layers.map(({ tar }) => [digestOf(tar), tar] as const)])],
    ] as const) {
      const tags = ['docker.io/library/app:1', other]
      const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
      const manifests = tags.map((tag) => ({
        ...one.manifest,
        annotations: { 'io.containerd.image.name': tag, 'org.opencontainers.image.ref.name': tag.replace(/.*:/, '') },
      }))
      const item = {
        Config: blob(one.imageId),
        RepoTags: ['app:1', other],
        Layers: one.manifestValue.layers.map(({ digest }) => blob(digest)),
        LayerSources: Object.fromEntries(one.layers.map(({ diffId }, at) => [diffId, one.manifestValue.layers[at]])),
      }
      const files: TestFile[] = [
        { path: 'blobs/', type: 'dir' },
        { path: 'blobs/sha256/', type: 'dir' },
        ...[...blobs].map(([digest, content]) => ({ path: blob(digest), content })),
        { path: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) },
        { path: 'manifest.json', content: JSON.stringify([item]) },
        { path: 'oci-layout', content: '{"imageLayoutVersion": "1.0.0"}' },
        { path: 'repositories', content: JSON.stringify({ app: { 1: digestHex(one.manifest.digest) } }) },
      ]
      const file = fixture.path('present.tar')
      await writeFile(file, await buildTar(files))
      expect(await expectLoaded(file, image.imageId, ['app:1', other])).toBe(one.manifest.digest)
    }
  })

  test.each(FILES)('podman loads --as %s under the same ID, and dray loads what podman saves', async (format) => {
    await removeAll()
    const file = fixture.path('for-podman.tar')
    await drayOk(store, 'save', '--as', format, '-o', file, name)
    await podman('load', '-q', '-i', file)
    const { stdout } = await podman('inspect', '--type=image', '--format', '{{.Id}}', name)
    expect(stdout.trim()).toBe(digestHex(image.imageId))
    const saved = fixture.path('by-podman.tar')
    await runOk('rm', ['-f', saved])
    await podman('save', '-q', '--format=docker-archive', '-o', saved, name)
    await expectLoaded(saved, image.imageId, [name])
    // It rewrites the config of an image from a docker-archive for OCI.
    if (format === 'docker-archive') return
    await runOk('rm', ['-f', saved])
    await podman('save', '-q', '--format=oci-archive', '-o', saved, name)
    await expectLoaded(saved, image.imageId, [name])
    const directory = fixture.path(`by-podman-oci-${format}`)
    await podman('save', '-q', '--format=oci-dir', '-o', directory, name)
    await expectLoaded(directory, image.imageId, [name])
    await podman('save', '-q', '--format=docker-dir', '-o', `${directory}-docker`, name)
    await expectLoaded(`${directory}-docker`, image.imageId, [])
  })

  test('podman loads an archive of several names', async () => {
    await removeAll()
    const file = fixture.path('names.tar')
    await drayOk(store, 'save', '-o', file, name, other, name.replace('/image:', '/zstd:'))
    await podman('load', '-q', '-i', file)
    const { stdout } = await podman('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}')
    expect(stdout.trim().split('\n').toSorted()).toEqual(
      [
        `${name} ${image.imageId}`,
        `${other} ${image.imageId}`,
        `${name.replace('/image:', '/zstd:')} ${zstd.imageId}`,
      ].toSorted(),
    )
  })

  test('skopeo reads every format, and dray loads what skopeo copies', async () => {
    const copy = (from: string, to: string): Promise<unknown> => runOk('skopeo', ['copy', '-q', from, to])
    for (const format of [...FILES, 'oci', 'dir'] as const) {
      const output = fixture.path(`for-skopeo-${format}`)
      await drayOk(store, 'save', '--as', format, '-o', output, other)
      const transports = format === 'docker-oci-archive' ? ['docker-archive', 'oci-archive'] : [format]
      for (const transport of transports) {
        const from = `${transport}:${output}`
        const config = await runOk('skopeo', ['inspect', '--config', '--raw', from])
        expect(digestOf(config.output)).toBe(image.imageId)
        if (format !== 'docker-oci-archive') continue
        const to = fixture.path(`by-skopeo-${format}-${transport}`)
        await copy(from, `docker-archive:${to}.tar:${other}`)
        await expectLoaded(`${to}.tar`, image.imageId, [other])
        if (transport === 'docker-archive') continue
        await copy(from, `oci-archive:${to}.oci.tar:${other}`)
        expect(await expectLoaded(`${to}.oci.tar`, image.imageId, [other])).toBe(image.manifest.digest)
        await copy(from, `oci:${to}-oci:${other}`)
        expect(await expectLoaded(`${to}-oci`, image.imageId, [other])).toBe(image.manifest.digest)
        await copy(from, `dir:${to}-dir`)
        expect(await expectLoaded(`${to}-dir`, image.imageId, [])).toBe(image.manifest.digest)
      }
    }
  })

  test('skopeo and umoci read a layout of every platform', async () => {
    const index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
    const multi = await fixture.push('multi', index)
    for (const platform of ['linux/arm64', 'linux/amd64'])
      await drayOk(store, 'pull', '-q', '--platform', platform, multi)
    for (const format of ['docker-oci-archive', 'oci-archive', 'oci']) {
      const output = fixture.path(`multi-${format}`)
      await drayOk(store, 'save', '--as', format, '-o', output, multi)
      const from = `${format === 'oci' ? 'oci' : 'oci-archive'}:${output}:latest`
      const to = fixture.path(`multi-${format}-copied`)
      await runOk('skopeo', ['copy', '-q', '--all', '--preserve-digests', from, `dir:${to}`])
      expect(digestOf(await readFile(`${to}/manifest.json`))).toBe(index.manifest.digest)
      expect(await expectLoaded(output, image.imageId, [multi])).toBe(index.manifest.digest)
    }
    const layout = fixture.path('for-umoci')
    await drayOk(store, 'save', '--as', 'oci', '-o', layout, other)
    const { stdout } = await runOk('umoci', ['stat', '--json', '--image', `${layout}:1.2`])
    expect(JSON.parse(stdout).history).toHaveLength(image.layers.length)
  })

  test.skipIf(crane === undefined)('what crane pulls comes back, and it takes ours (crane)', async () => {
    for (const format of ['tarball', 'legacy', 'oci']) {
      const file = fixture.path(`by-crane-${format}`)
      await runOk(crane ?? '', ['pull', '--insecure', `--format=${format}`, name, file])
      const names = format === 'oci' ? [] : [name]
      await expectLoaded(file, image.imageId, names)
    }
    for (const format of ['docker-oci-archive', 'docker-archive']) {
      const file = fixture.path(`for-crane-${format}.tar`)
      await drayOk(store, 'save', '--as', format, '-o', file, other)
      const { code, stdout, stderr } = await run(crane ?? '', ['validate', '--tarball', file])
      expect({ code, stdout, stderr }).toMatchObject({ code: 0 })
    }
  })
})
