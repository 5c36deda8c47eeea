import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { collect, fromBytes } from '@drayage/bytes'
import { readBlob, walk } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import { type Descriptor, encodeManifest, MEDIA_TYPES } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  buildTar,
  randomBytes,
  run,
  type TestFile,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createDockerArchiveWriter } from './docker-archive-writer.ts'
import { openFileOutput } from '../output/file-output.ts'
import { openArchive, openDockerArchive, openOciArchive } from '../open-archive.ts'

let directory: string
let path: string
let image: TestImage

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-archive-'))
  path = join(directory, 'image.tar')
  const layer = await buildLayer([{ path: 'a', content: randomBytes(1, 200_000) }], { compression: 'none' })
  const empty = await buildLayer([], { compression: 'none' })
  image = await buildImage({ layers: [layer, empty, layer] })
})
afterEach(() => rm(directory, { recursive: true }))

const BIG = { maxBytes: 10_000_000 }

/** The files of a docker-archive with layers as they are in the image. */
function filesOf(one: TestImage, repoTags: readonly string[] | null = ['app:1'], more: object = {}): TestFile[] {
  const config = `${digestHex(one.imageId)}.json`
  const layers = one.layers.map((layer, at) => ({ path: `${at}/layer.tar`, content: layer.bytes }))
  const item = { Config: config, RepoTags: repoTags, Layers: layers.map((layer) => layer.path), ...more }
  return [
    ...layers,
    { path: config, content: one.configBytes },
    { path: 'manifest.json', content: JSON.stringify([item]) },
  ]
}

async function put(files: readonly TestFile[]): Promise<string> {
  await writeFile(path, await buildTar(files))
  return path
}

/** Everything that the archive's view gives for an image, verified on the way. */
async function readGraph(archive: Awaited<ReturnType<typeof openDockerArchive>>, root: Descriptor): Promise<string[]> {
  const seen: string[] = []
  for await (const { descriptor } of walk(archive, root)) {
    expect(await archive.has(descriptor)).toBe(true)
    await readBlob(archive, descriptor, BIG)
    seen.push(descriptor.digest)
  }
  return seen
}

/** The files of the format in which Docker Engine writes an OCI layout beside `manifest.json`. */
function presentFormat(one: TestImage, entry: Descriptor, blobs = one.blobs): TestFile[] {
  const name = (digest: string): string => `blobs/sha256/${digest.slice(7)}`
  return [
    ...[...blobs].map(([digest, content]) => ({ path: name(digest), content })),
    { path: 'index.json', content: encodeManifest({ schemaVersion: 2, manifests: [entry] }) },
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    {
      path: 'manifest.json',
      content: JSON.stringify([
        {
          Config: name(one.imageId),
          RepoTags: ['app:1'],
          Layers: one.layers.map((layer) => name(layer.descriptor.digest)),
        },
      ]),
    },
  ]
}

describe('openDockerArchive()', () => {
  test('reads what the writer wrote, as the same image', async () => {
    await using writer = createDockerArchiveWriter(await openFileOutput(path))
    const layers = image.layers.map((layer) => ({ diffId: layer.diffId, open: () => fromBytes(layer.tar) }))
    await writer.add({ config: image.configBytes, repoTags: ['app:1', 'ghcr.io/a/b:2'], layers })
    await writer.finish()
    await using archive = await openDockerArchive(path)
    expect(archive.images).toEqual([{ position: 0, repoTags: ['app:1', 'ghcr.io/a/b:2'] }])
    const [entry] = archive.images
    const found = await archive.read(entry ?? { position: 0, repoTags: [] })
    expect(found).toMatchObject({ imageId: image.imageId, config: image.configBytes, isOriginal: false })
    expect(found.layers.map((layer) => layer.diffId)).toEqual(image.layers.map((layer) => layer.diffId))
    for (const [at, layer] of found.layers.entries()) {
      expect(await collect(layer.open(), BIG)).toEqual(image.layers[at]?.tar)
      expect(layer.descriptor).toEqual({ ...image.layers[at]?.descriptor, mediaType: MEDIA_TYPES.ociLayer })
    }
    for (const name of ['app:1', 'docker.io/library/app:1', 'ghcr.io/a/b:2']) {
      expect(await archive.resolve(parseReference(name))).toEqual(found.manifest)
    }
    expect(await readGraph(archive, found.manifest)).toContain(found.manifest.digest)
    expect(await archive.select()).toEqual(found.manifest)
    expect(await archive.select(0)).toEqual(found.manifest)
    expect(await archive.select(image.imageId)).toEqual(found.manifest)
    await expect(archive.resolve(parseReference('app:2'))).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
    for (const wrong of ['app:2', 1, -1, 0.5]) {
      await expect(archive.select(wrong)).rejects.toMatchObject({ name: 'ArchiveSelectionError' })
    }
  })

  test.each(['gzip', 'zstd'] as const)(
    'reads layers that are stored with %s, by their own digests',
    async (compression) => {
      const layers = [await buildLayer([{ path: 'a', content: 'x'.repeat(9000) }], { compression })]
      const compressed = await buildImage({ layers })
      await using archive = await openDockerArchive(await put(filesOf(compressed)))
      const found = await archive.read({ position: 0, repoTags: [] })
      expect(found.layers[0]).toMatchObject({ compression, diffId: layers[0]?.diffId })
      expect(found.layers[0]?.descriptor).toEqual(layers[0]?.descriptor)
      expect(await readGraph(archive, found.manifest)).toHaveLength(3)
    },
  )

  test('reads compressed archives and pipes through one file, which has no name', async () => {
    const tar = await buildTar(filesOf(image))
    const spoolDirectory = join(directory, 'spool')
    await writeFile(path, tar)
    await run('mkdir', [spoolDirectory])
    for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
      await writeFile(path, bytes)
      for (const input of [path, createReadStream(path), fromBytes(bytes)]) {
        await using archive = await openDockerArchive(input, { spoolDirectory })
        expect((await archive.read({ position: 0, repoTags: [] })).imageId).toBe(image.imageId)
        expect(await readdir(spoolDirectory)).toEqual([])
      }
    }
    const fifo = join(directory, 'fifo')
    await run('mkfifo', [fifo])
    const writing = writeFile(fifo, gzipSync(tar))
    await using archive = await openDockerArchive(fifo, { spoolDirectory })
    await writing
    expect(archive.images).toHaveLength(1)
  })

  test('follows links inside the archive, as docker save writes them', async () => {
    const [first] = image.layers
    const files: TestFile[] = [
      { path: 'one', type: 'dir' },
      { path: './one/layer.tar', content: first?.tar ?? '' },
      { path: 'two/layer.tar', type: 'symlink', linkname: '../one/layer.tar' },
      { path: 'three', type: 'symlink', linkname: '/two' },
      { path: 'four.tar', type: 'hardlink', linkname: 'one/layer.tar' },
      { path: 'c.json', content: encodeConfig(image, 3) },
      { path: 'm.json', content: JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: names }]) },
      { path: 'manifest.json', type: 'symlink', linkname: 'm.json' },
    ]
    await using archive = await openDockerArchive(await put(files))
    const { layers, repoTags } = await archive.read({ position: 0, repoTags: [] })
    expect(repoTags).toEqual([])
    for (const layer of layers) expect(await collect(layer.open(), BIG)).toEqual(first?.tar)
  })

  test('keeps the original manifest of an archive with an OCI layout inside', async () => {
    const entry = { ...image.manifest, annotations: { 'io.containerd.image.name': 'docker.io/library/app:1' } }
    await using archive = await openDockerArchive(await put(presentFormat(image, entry)))
    const found = await archive.read({ position: 0, repoTags: [] })
    expect(found).toMatchObject({ isOriginal: true, manifest: image.manifest })
    expect(await archive.resolve(parseReference('app:1'))).toEqual(entry)
    expect(await readGraph(archive, found.manifest)).toHaveLength(4)
  })

  test('keeps a whole index, and makes a manifest where one lacks blobs', async () => {
    const other = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([image, other])
    const annotations = { 'io.containerd.image.name': 'docker.io/library/app:1' }
    await using whole = await openDockerArchive(
      await put(presentFormat(image, { ...index.manifest, annotations }, index.blobs)),
    )
    expect(await whole.resolve(parseReference('app:1'))).toMatchObject({ digest: index.manifest.digest })
    expect(await whole.select(0)).toMatchObject({ digest: image.manifest.digest })
    const some = new Map(index.blobs)
    some.delete(other.config.digest)
    await using sparse = await openDockerArchive(
      await put(presentFormat(image, { ...index.manifest, annotations }, some)),
    )
    expect(await sparse.resolve(parseReference('app:1'))).toMatchObject({ digest: image.manifest.digest })
    const less = new Map(some)
    less.delete(image.manifest.digest)
    await using made = await openDockerArchive(
      await put(presentFormat(image, { ...index.manifest, annotations }, less)),
    )
    expect(await made.read({ position: 0, repoTags: [] })).toMatchObject({ isOriginal: false })
  })

  test('gives a name of two images to the later one, and needs a choice among several', async () => {
    const other = await buildImage({ config: { author: 'b' }, layers: image.layers })
    const items = [image, other].map((one) => ({
      Config: `${digestHex(one.imageId)}.json`,
      RepoTags: ['app:1'],
      Layers: one.layers.map((_, at) => `${at}/layer.tar`),
      Parent: image.imageId,
    }))
    const files = [
      ...filesOf(image).slice(0, -1),
      ...filesOf(other).slice(-2, -1),
      { path: 'manifest.json', content: JSON.stringify(items) },
    ]
    await using archive = await openDockerArchive(await put(files))
    const second = await archive.read({ position: 1, repoTags: [] })
    expect(second).toMatchObject({ imageId: other.imageId, parent: image.imageId })
    expect(await archive.resolve(parseReference('app:1'))).toEqual(second.manifest)
    await expect(archive.select()).rejects.toThrow('unexpected tar manifest.json: expected 1 item, got 2')
  })
})

const names = ['one/layer.tar', 'three/layer.tar', 'four.tar']

function encodeConfig(one: TestImage, count: number): string {
  const [first] = one.layers
  return JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: Array(count).fill(first?.diffId) } })
}

describe('openArchive()', () => {
  test('tells the two kinds of archives apart', async () => {
    {
      await using docker = await openArchive(await put(filesOf(image)))
      expect(docker.kind).toBe('docker-archive')
    }
    const layout = presentFormat(image, image.manifest).slice(0, -1)
    await using oci = await openArchive(await put(layout))
    expect(oci.kind).toBe('oci-archive')
    expect(await oci.select()).toEqual(image.manifest)
    await using same = await openOciArchive(path)
    for await (const { descriptor } of walk(same, image.manifest)) await readBlob(same, descriptor, BIG)
    expect(await collect(same.fetch(image.config, { offset: 5 }), BIG)).toEqual(image.configBytes.subarray(5))
    await expect(openDockerArchive(path)).rejects.toThrow('invalid archive: does not contain a manifest.json')
    await expect(openOciArchive(await put(filesOf(image)))).rejects.toMatchObject({ fault: 'missing' })
  })

  test('a blob of an oci-archive that is a link out, a directory or a pipe is not read', async () => {
    const name = `blobs/sha256/${digestHex(image.config.digest)}`
    const others: TestFile[] = [
      { path: name, type: 'symlink', linkname: path },
      { path: name, type: 'dir' },
      { path: name, type: 'fifo' },
    ]
    for (const other of others) {
      const files = presentFormat(image, image.manifest).slice(0, -1)
      await using archive = await openArchive(await put(files.map((file) => (file.path === name ? other : file))))
      await expect(readBlob(archive, image.config)).rejects.toThrow(/^Cannot (?:read the archive|fetch)/)
    }
  })
})

describe('a compressed layer without an original manifest', () => {
  test.each(['gzip', 'zstd'] as const)(
    'in %s is compared with the config before its image is selected',
    async (compression) => {
      const good = await buildImage({ layers: [[{ path: 'a', content: 'good' }]], compression })
      const other = await buildImage({ layers: [[{ path: 'a', content: 'other' }]], compression })
      {
        await using archive = await openDockerArchive(await put(filesOf(good)))
        expect((await archive.select()).digest).toMatch(/^sha256:/)
      }
      const swapped = { ...good, layers: other.layers }
      const torn = { ...good, layers: good.layers.map((layer) => ({ ...layer, bytes: layer.bytes.subarray(0, -9) })) }
      for (const [wrong, code] of [
        [swapped, 'ERR_DIGEST_MISMATCH'],
        [torn, expect.stringMatching(/^ERR_/)],
      ] as const) {
        await using archive = await openDockerArchive(await put(filesOf(wrong)))
        for (const selector of [undefined, 0, 'app:1', good.imageId]) {
          await expect(archive.select(selector)).rejects.toMatchObject({ code })
        }
        await expect(archive.resolve(parseReference('app:1'))).rejects.toMatchObject({ code })
      }
    },
  )
})

describe('a hostile docker-archive', () => {
  const layer = { path: 'l.tar', content: 'x' }
  const manifest = (value: unknown): TestFile => ({ path: 'manifest.json', content: JSON.stringify(value) })
  const config: TestFile = { path: 'c.json', content: '{"rootfs":{"type":"layers","diff_ids":[]}}' }

  async function refusal(files: readonly TestFile[]): Promise<unknown> {
    try {
      await using archive = await openDockerArchive(await put(files))
      for (const entry of archive.images) await archive.read(entry)
    } catch (error) {
      return error
    }
    return 'accepted'
  }

  test.each([
    ['a config outside', [manifest([{ Config: '../../etc/passwd', Layers: [] }])], 'link'],
    ['an absolute config', [manifest([{ Config: '/etc/passwd', Layers: [] }])], 'missing'],
    ['a layer that is a device of the system', deviceLayer(), 'missing'],
    ['a config that links outside', [link('c.json', '/etc/shadow'), manifest([{ Config: 'c.json' }])], 'missing'],
    ['a config that links up', [link('c.json', '../c'), manifest([{ Config: 'c.json' }])], 'link'],
    ['a pipe', [{ path: 'c.json', type: 'fifo' }, manifest([{ Config: 'c.json' }])], 'type'],
    ['a device', [{ path: 'c.json', type: 'char-device' }, manifest([{ Config: 'c.json' }])], 'type'],
    ['a directory', [{ path: 'c.json', type: 'dir' }, manifest([{ Config: 'c.json' }])], 'type'],
    ['links in a circle', [link('manifest.json', 'config.json'), link('config.json', 'manifest.json')], 'link'],
    ['a link to itself', [link('manifest.json', 'manifest.json')], 'link'],
    ['a malformed tag', [config, manifest([{ Config: 'c.json', RepoTags: ['../x:1'] }])], 'content'],
    ['null', [manifest(null)], 'content'],
    ['an object', [manifest({})], 'content'],
    ['no objects', [manifest([1])], 'content'],
    ['no config', [manifest([{ Layers: [] }])], 'content'],
    ['layers that are no names', [config, manifest([{ Config: 'c.json', Layers: [1] }])], 'content'],
    ['no JSON', [{ path: 'manifest.json', content: '[' }], 'content'],
    ['a layer too many', [layer, config, manifest([{ Config: 'c.json', Layers: ['l.tar'] }])], 'content'],
    ['no manifest.json', [layer], 'missing'],
  ] satisfies [string, TestFile[], string][])('%s is refused', async (_, files, fault) => {
    expect(await refusal(files)).toMatchObject({ name: 'ArchiveFormatError', fault })
  })

  function deviceLayer(): TestFile[] {
    const content = `{"rootfs":{"type":"layers","diff_ids":["sha256:${'0'.repeat(64)}"]}}`
    return [{ path: 'd.json', content }, manifest([{ Config: 'd.json', Layers: ['/dev/zero'] }])]
  }

  function link(from: string, to: string): TestFile {
    return { path: from, type: 'symlink', linkname: to }
  }

  test('has the messages that users of docker know', async () => {
    expect(await refusal([layer])).toMatchObject({
      message: expect.stringContaining('does not contain a manifest.json'),
    })
    const cases: [unknown, string][] = [
      [null, 'invalid manifest, manifest cannot be null (but can be [])'],
      [[{ Config: 'c.json', Layers: ['l.tar'] }], 'invalid manifest, layers length mismatch: expected 1, got 0'],
      [[{ Config: 'c.json', RepoTags: ['A B'] }], 'invalid tag "A B"'],
    ]
    for (const [value, message] of cases) {
      expect(await refusal([layer, config, manifest(value)])).toMatchObject({
        message: expect.stringContaining(message),
      })
    }
  })

  test.each([
    ['a name of 200 000 parts', [manifest([{ Config: `${'a/'.repeat(200_000)}c.json` }])]],
    [
      'links whose names have 2 000 parts',
      [...longLinks(), manifest([{ Config: 'l0', Layers: repeated('l0', 9000) }])],
    ],
  ])('%s is refused before it costs time', async (_, files) => {
    expect(await refusal(files)).toMatchObject({ name: 'ArchiveLimitError', limit: 'names' })
  })

  function longLinks(): TestFile[] {
    return Array.from({ length: 39 }, (_, at) => link(`l${at}`, `l${at + 1}${'/x'.repeat(2000)}`))
  }

  function repeated(name: string, times: number): string[] {
    return Array.from({ length: times }, () => name)
  }

  test('a chain of 1 000 links is refused, one of 40 is not', async () => {
    const chain = (length: number): TestFile[] => [
      ...Array.from({ length }, (_, at) => link(at === 0 ? 'manifest.json' : `${at}`, `${at + 1}`)),
      { path: `${length}`, content: '[]' },
    ]
    expect(await refusal(chain(1000))).toMatchObject({ fault: 'link' })
    expect(await refusal(chain(40))).toBe('accepted')
  })

  test('10^5 images are refused, and a manifest.json of more than 4 MiB is not read', async () => {
    const many = Array.from({ length: 100_000 }, () => ({ Config: 'c.json' }))
    expect(await refusal([config, manifest(many)])).toMatchObject({ name: 'ArchiveLimitError', limit: 'images' })
    const long = { path: 'manifest.json', content: ' '.repeat(4 * 2 ** 20 + 1) }
    expect(await refusal([long])).toMatchObject({ name: 'ArchiveLimitError', limit: 'file' })
    const config5 = { path: 'c.json', content: ' '.repeat(5 * 2 ** 20) }
    expect(await refusal([config5, manifest([{ Config: 'c.json' }])])).toMatchObject({ limit: 'file' })
  })

  test('members with names that climb are out of reach, and nothing is written', async () => {
    for (const name of ['../x', '/../x', 'a/../../x', './../x', 'a//../..//x', 'a/../c.json', '..', '.']) {
      const files = [{ path: name, content: 'x' }, manifest([{ Config: name, Layers: [] }])]
      expect(await refusal(files)).toMatchObject({ name: 'ArchiveFormatError' })
    }
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('an ID is that of the bytes, whatever the file is called', async () => {
    const name = `${'0'.repeat(64)}.json`
    const files = [{ ...config, path: name }, manifest([{ Config: name, RepoTags: [] }])]
    await using archive = await openDockerArchive(await put(files))
    const { imageId } = await archive.read({ position: 0, repoTags: [] })
    expect(imageId as string).toBe(digestOf(new TextEncoder().encode(String(config.content))))
  })

  test('a layer with other bytes than its DiffID fails when it is read, and harms no other image', async () => {
    const wrong = await buildTar([{ path: 'a', content: randomBytes(2, 200_000) }])
    const files = filesOf(image)
    const evil: TestFile[] = [{ path: '0/layer.tar', content: wrong }, ...files.slice(1)]
    await using archive = await openDockerArchive(await put(evil))
    const { manifest: made, layers } = await archive.read({ position: 0, repoTags: [] })
    const [first, second] = layers
    if (first === undefined || second === undefined) throw new Error('no layers')
    await expect(readBlob(archive, first.descriptor, BIG)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    await readBlob(archive, second.descriptor, BIG)
    expect(await archive.has(made)).toBe(true)
  })

  test('an archive that inflates beyond a limit leaves nothing behind', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const spoolDirectory = join(directory, 'spool')
    await run('mkdir', [spoolDirectory])
    await expect(
      openDockerArchive(fromBytes(bomb), { spoolDirectory, maxSpoolBytes: 1_000_000 }),
    ).rejects.toMatchObject({
      name: 'ArchiveLimitError',
      limit: 'maxBytes',
      max: 1_000_000,
    })
    const limits = { maxBytes: 1_000_000 }
    await expect(openDockerArchive(fromBytes(bomb), { spoolDirectory, limits })).rejects.toMatchObject({
      code: 'ERR_COMPRESSION_LIMIT',
    })
    expect(await readdir(spoolDirectory)).toEqual([])
    await expect(openDockerArchive(fromBytes(bomb), { maxSpoolBytes: 0 })).rejects.toThrow(RangeError)
  })

  test('no program is run for a compression', async () => {
    for (const magic of [
      [0x42, 0x5a, 0x68],
      [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
    ]) {
      const bytes = new Uint8Array(2048)
      bytes.set(magic)
      await writeFile(path, bytes)
      await expect(openDockerArchive(path)).rejects.toMatchObject({ code: 'ERR_COMPRESSED_DATA' })
    }
    const trap = join(directory, 'bin')
    await run('mkdir', [trap])
    for (const name of ['xz', 'zstd', 'gzip', 'unpigz', 'bzip2']) {
      await writeFile(join(trap, name), `#!/bin/sh\ntouch ${directory}/ran\n`, { mode: 0o755 })
    }
    const before = process.env['PATH']
    process.env['PATH'] = `${trap}:${before}`
    try {
      for (const compress of [gzipSync, zstdCompressSync]) {
        await writeFile(path, compress(await buildTar(filesOf(image))))
        await using archive = await openDockerArchive(path)
        expect(archive.images).toHaveLength(1)
      }
    } finally {
      process.env['PATH'] = before
    }
    expect(await readdir(directory)).not.toContain('ran')
  })

  test('stops with the reason of its signal, and closes what it reads', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(openDockerArchive(await put(filesOf(image)), { signal })).rejects.toThrow('enough')
    await using archive = await openDockerArchive(path)
    await expect(archive.read({ position: 0, repoTags: [] }, { signal })).rejects.toThrow('enough')
    await expect(collect(archive.fetch(image.config, { signal }), BIG)).rejects.toThrow('enough')
    expect((await readFile(path)).byteLength).toBeGreaterThan(0)
  })
})
