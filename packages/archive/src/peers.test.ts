import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { collect, fromBytes } from '@drayage/bytes'
import { decompress } from '@drayage/compression'
import { readBlob, walk } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildLayer,
  type Dockerd,
  findPeer,
  randomBytes,
  runOk,
  startDockerd,
  startDockerRegistry,
  type TestImage,
  writeOciLayout,
} from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { openDirImage } from './dir/dir-source.ts'
import { createDockerArchiveWriter } from './docker/docker-archive-writer.ts'
import { openFileOutput } from './output/file-output.ts'
import { openOciLayout } from './layout/oci-layout-source.ts'
import { openArchive, openDockerArchive, openOciArchive } from './open-archive.ts'

const BIG = { maxBytes: 10_000_000 }
const skopeo = findPeer('skopeo') ?? ''
const podman = findPeer('podman') ?? ''
const crane = findPeer('crane') ?? ''
const isRoot = process.getuid?.() === 0
const hasDocker = isRoot && findPeer('dockerd') !== undefined && findPeer('docker') !== undefined
const hasPodman = isRoot && podman !== ''

let directory: string
let image: TestImage
let ours: string
let layout: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-peers-'))
  const file = await buildLayer([{ path: 'a', content: randomBytes(1, 300_000) }])
  const empty = await buildLayer([])
  const link = await buildLayer([{ path: 'l', type: 'symlink', linkname: 'a' }])
  // With a layer that is there twice and one that holds nothing.
  image = await buildImage({ layers: [file, empty, link, file] })
  ours = join(directory, 'ours.tar')
  layout = join(directory, 'layout')
  await using writer = createDockerArchiveWriter(await openFileOutput(ours))
  const layers = image.layers.map((layer) => ({ diffId: layer.diffId, open: () => fromBytes(layer.tar) }))
  await writer.add({ config: image.configBytes, repoTags: ['app:1', 'ghcr.io/a/b:2'], layers })
  await writer.finish()
  await mkdir(layout)
  await writeOciLayout(layout, image, 'v1')
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Checks that a docker-archive holds the image: config, tags, and what its layers inflate to. */
async function expectImage(path: string, repoTags: readonly string[]): Promise<void> {
  await using archive = await openDockerArchive(path)
  const [entry] = archive.images
  if (entry === undefined) throw new Error('no image')
  expect(entry.repoTags.toSorted()).toEqual(repoTags.toSorted())
  const found = await archive.read(entry)
  expect(found.imageId).toBe(image.imageId)
  expect(found.layers.map((layer) => layer.diffId)).toEqual(image.layers.map((layer) => layer.diffId))
  for (const { descriptor, diffId } of found.layers) {
    const tar = await collect(decompress(archive.fetch(descriptor)), BIG)
    expect(digestOf(tar) as string).toBe(diffId)
  }
  for await (const { descriptor } of walk(archive, found.manifest)) await readBlob(archive, descriptor, BIG)
  for (const tag of repoTags) {
    const target = await archive.resolve(parseReference(tag))
    expect(target.digest).toBe(found.manifest.digest)
  }
}

describe('docker', () => {
  let docker: Dockerd

  beforeAll(async () => {
    if (!hasDocker) return
    await mkdir(join(directory, 'docker'))
    docker = await startDockerd({ directory: join(directory, 'docker') })
  })
  afterAll(async () => {
    if (hasDocker) await docker.stop()
  })

  async function succeed(args: readonly string[]): Promise<void> {
    const { code, stderr } = await docker.docker(args)
    expect({ code, stderr }).toMatchObject({ code: 0 })
  }

  test.skipIf(!hasDocker)('save gives an archive that reads back, also compressed (docker)', async () => {
    await succeed(['load', '-i', ours])
    const saved = join(directory, 'saved.tar')
    await succeed(['save', '-o', saved, 'app:1', 'ghcr.io/a/b:2'])
    await expectImage(saved, ['app:1', 'ghcr.io/a/b:2'])
    await writeFile(`${saved}.gz`, gzipSync(await readFile(saved)))
    await expectImage(`${saved}.gz`, ['app:1', 'ghcr.io/a/b:2'])
    const untagged = join(directory, 'untagged.tar')
    await succeed(['save', '-o', untagged, image.imageId])
    await expectImage(untagged, [])
  })
})

describe('podman', () => {
  const global = (): string[] => [
    `--root=${join(directory, 'podman')}`,
    `--runroot=${join(directory, 'podman-run')}`,
    '--storage-driver=vfs',
  ]

  test.skipIf(!hasPodman)('save gives archives of both formats that read back (podman)', async () => {
    await runOk(podman, [...global(), 'load', '-i', ours])
    const docker = join(directory, 'podman-docker.tar')
    await runOk(podman, [...global(), 'save', '--format=docker-archive', '-o', docker, 'localhost/app:1'])
    await expectImage(docker, ['localhost/app:1'])
    // What came as a docker-archive has its config written anew for OCI, so the other format starts from a layout.
    await runOk(podman, [...global(), 'rmi', '-af'])
    // Podman makes a name of the path, which has to be one.
    await runOk(podman, [...global(), 'pull', 'oci:layout:v1'], { cwd: directory })
    await runOk(podman, [...global(), 'tag', image.imageId.slice(7), 'localhost/app:1'])
    const oci = join(directory, 'podman-oci.tar')
    await runOk(podman, [...global(), 'save', '--format=oci-archive', '-o', oci, 'localhost/app:1'])
    await using archive = await openOciArchive(oci)
    const root = await archive.resolve(parseReference('localhost/app:1'))
    let layers = 0
    for await (const { descriptor, manifest } of walk(archive, root)) {
      const bytes = await readBlob(archive, descriptor, BIG)
      if (manifest?.kind === 'image') {
        expect(manifest.value.config.digest as string).toBe(image.imageId)
        layers = manifest.value.layers.length
      }
      expect(bytes.byteLength).toBe(descriptor.size)
    }
    expect(layers).toBe(image.layers.length)
    await runOk(podman, [...global(), 'rmi', '-af'])
  })
})

describe('skopeo', () => {
  test.skipIf(skopeo === '')(
    'copy gives a docker-archive, an oci-archive and a dir that read back (skopeo)',
    async () => {
      const docker = join(directory, 'skopeo-docker.tar')
      const extra = '--additional-tag=ghcr.io/a/b:2'
      await runOk(skopeo, ['copy', extra, `oci:${layout}:v1`, `docker-archive:${docker}:app:1`])
      await expectImage(docker, ['app:1', 'ghcr.io/a/b:2'])

      const oci = join(directory, 'skopeo-oci.tar')
      await runOk(skopeo, ['copy', '--preserve-digests', `oci:${layout}:v1`, `oci-archive:${oci}:app:1`])
      await using archive = await openArchive(oci)
      const root = await archive.select('app:1')
      expect(root.digest).toBe(image.manifest.digest)
      expect(await archive.resolve(parseReference('app:1'))).toEqual(root)

      const dir = join(directory, 'skopeo-dir')
      await runOk(skopeo, ['copy', '--preserve-digests', `oci:${layout}:v1`, `dir:${dir}`])
      const source = await openDirImage({ directory: dir })
      expect(source.root).toEqual(image.manifest)
      for (const end of [archive, source]) {
        for await (const { descriptor } of walk(end, root)) await readBlob(end, descriptor, BIG)
      }
    },
  )
})

describe('crane', () => {
  const hasAll = crane !== '' && skopeo !== '' && findPeer('docker-registry') !== undefined

  test.skipIf(!hasAll)('pull gives an archive with compressed layers that reads back (crane, skopeo)', async () => {
    await mkdir(join(directory, 'registry'))
    await using registry = await startDockerRegistry({ directory: join(directory, 'registry') })
    const name = `${registry.host}/app:1`
    await runOk(skopeo, ['copy', '--dest-tls-verify=false', `oci:${layout}:v1`, `docker://${name}`])
    const target = join(directory, 'crane.tar')
    await runOk(crane, ['pull', '--insecure', name, target])
    await expectImage(target, [name])
    const oci = join(directory, 'crane-layout')
    await runOk(crane, ['pull', '--insecure', '--format=oci', name, oci])
    expect((await (await openOciLayout({ directory: oci })).select()).digest).toBe(image.manifest.digest)
  })
})
