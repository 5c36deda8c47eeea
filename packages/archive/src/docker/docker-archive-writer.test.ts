import { createReadStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

import { type ByteStream, concat, fromBytes } from '@drayage/bytes'
import { digestHex, digestOf, parseImageId } from '@drayage/digest'
import {
  buildImage,
  buildLayer,
  findPeer,
  randomBytes,
  run,
  runOk,
  type TestImage,
  type TestLayer,
} from '@drayage/testkit'
import fc from 'fast-check'
import { extract, type Header } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ArchiveOutput } from '../output/archive-output.ts'
import type { ArchiveWritingOptions } from '../output/members.ts'
import { type ArchiveImage, createDockerArchiveWriter } from './docker-archive-writer.ts'
import { openFileOutput } from '../output/file-output.ts'
import type { ArchiveLayer } from './layer-member.ts'
import { streamOutput } from '../output/stream-output.ts'

const skopeo = findPeer('skopeo')
let directory: string
let path: string
let image: TestImage

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-archive-'))
  path = join(directory, 'image.tar')
  const layers: TestLayer[] = []
  for (const [index, size] of [3_000_000, 10, 700_001, 0].entries()) {
    layers.push(await buildLayer([{ path: `file${index}`, content: randomBytes(index, size) }]))
  }
  image = await buildImage({ layers })
})
afterEach(() => rm(directory, { recursive: true }))

/** Gives `bytes` in small pieces, and lets others work in between. */
async function* slowly(bytes: Uint8Array, delayMs = 0): ByteStream {
  for (let at = 0; at < bytes.byteLength; at += 100_000) {
    await sleep(delayMs)
    yield bytes.slice(at, at + 100_000)
  }
}

function layerOf(layer: TestLayer, more: Partial<ArchiveLayer> = {}): ArchiveLayer {
  return { diffId: layer.diffId, size: layer.tar.byteLength, open: () => slowly(layer.tar), ...more }
}

function imageOf(source: TestImage, repoTags: string[], more: Partial<ArchiveLayer> = {}): ArchiveImage {
  return { config: source.configBytes, repoTags, layers: source.layers.map((layer) => layerOf(layer, more)) }
}

async function write(
  output: ArchiveOutput,
  images: readonly ArchiveImage[],
  options: ArchiveWritingOptions = {},
): Promise<void> {
  await using writer = createDockerArchiveWriter(output, options)
  for (const one of images) await writer.add(one)
  await writer.finish()
}

interface Listed {
  readonly headers: Header[]
  readonly files: Map<string, Uint8Array>
}

async function list(file: string): Promise<Listed> {
  const reader = createReadStream(file).pipe(extract())
  const headers: Header[] = []
  const files = new Map<string, Uint8Array>()
  for await (const entry of reader) {
    headers.push(entry.header)
    const parts: Uint8Array[] = []
    for await (const part of entry) if (part instanceof Uint8Array) parts.push(part)
    files.set(entry.header.name, concat(parts))
  }
  return { headers, files }
}

/** Whether a member is not in a directory of a legacy layer. */
const isOwn = ({ name }: Header): boolean => !name.includes('/')
const json = (listed: Listed, name: string): unknown => JSON.parse(Buffer.from(listed.files.get(name) ?? []).toString())

describe('createDockerArchiveWriter()', () => {
  test('writes layers, config, manifest.json and repositories in order, with fixed metadata', async () => {
    await write(await openFileOutput(path), [imageOf(image, ['docker.io/library/app:1', 'ghcr.io/a/b:2'])])
    const listed = await list(path)
    const layerNames = image.layers.map((layer) => `${digestHex(layer.diffId)}.tar`)
    const config = `${digestHex(image.imageId)}.json`
    expect(listed.headers.map((header) => header.name.replace(/^[0-9a-f]{64}\//, 'ID/'))).toEqual([
      ...layerNames,
      ...image.layers.flatMap(() => ['ID/VERSION', 'ID/json', 'ID/layer.tar']),
      config,
      'manifest.json',
      'repositories',
    ])
    for (const header of listed.headers) {
      const kind = header.name.endsWith('/layer.tar') ? { mode: 0o777, type: 'symlink' } : { mode: 0o444, type: 'file' }
      expect(header).toMatchObject({ ...kind, uid: 0, gid: 0, mtime: new Date(0) })
    }
    for (const [at, layer] of image.layers.entries())
      expect(digestOf(listed.files.get(layerNames[at] ?? '') ?? '')).toBe(layer.diffId)
    expect(digestOf(listed.files.get(config) ?? '')).toBe(image.imageId)
    expect(json(listed, 'manifest.json')).toEqual([
      { Config: config, RepoTags: ['app:1', 'ghcr.io/a/b:2'], Layers: layerNames },
    ])
    expect(json(listed, 'repositories')).toEqual({
      app: { 1: expect.stringMatching(/^[0-9a-f]{64}$/) },
      'ghcr.io/a/b': { 2: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
  })

  test('gives the same bytes for known and unknown sizes, any concurrency, files and streams', async () => {
    const seen = new Set<string>()
    const hash = async (file: string): Promise<void> => void seen.add(digestOf(await readFile(file)))
    for (const size of [undefined, null]) {
      for (const [concurrency, memoryBytes] of [
        [1, 0],
        [2, 1000],
        [4, 10_000_000],
      ] as const) {
        const layers = image.layers.map((layer, at): ArchiveLayer => ({
          diffId: layer.diffId,
          size: size === null ? layer.tar.byteLength : undefined,
          // The first layers are the slowest, so that later ones have to wait for their turn.
          open: () => slowly(layer.tar, 8 - 2 * at),
        }))
        const images = [{ config: image.configBytes, repoTags: ['app:1'], layers }]
        await write(await openFileOutput(path, { overwrite: true }), images, { concurrency, memoryBytes })
        await hash(path)
        const streamed: Uint8Array[] = []
        const sink = new Writable({ write: (chunk, _, done) => (streamed.push(new Uint8Array(chunk)), done()) })
        await write(streamOutput(sink), images, { concurrency, memoryBytes })
        await writeFile(path, Buffer.concat(streamed))
        await hash(path)
      }
    }
    expect(seen.size).toBe(1)
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('gives the same bytes for right and wrong guesses of sizes', async () => {
    const sizes = image.layers.map((layer) => layer.tar.byteLength)
    const archive = async (
      hints: readonly (number | undefined)[],
      options: ArchiveWritingOptions = {},
    ): Promise<string> => {
      const layers = image.layers.map((layer, at) => layerOf(layer, { size: undefined, sizeHint: hints[at] }))
      const output = await openFileOutput(path, { overwrite: true })
      await write(output, [{ config: image.configBytes, repoTags: ['app:1'], layers }], options)
      return digestOf(await readFile(path))
    }
    const expected = await archive([])
    expect(await archive(sizes)).toBe(expected)
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(
          ...sizes.map((size) =>
            fc.option(fc.oneof(fc.nat(4_000_000), fc.constantFrom(0, size, size - 1, size + 1)), { nil: undefined }),
          ),
        ),
        fc.constantFrom(0, 100_000, 10_000_000),
        async (hints, memoryBytes) => {
          expect(await archive(hints, { memoryBytes, concurrency: 4 })).toBe(expected)
        },
      ),
      // A layer that waits while its guess gives the next one a start that is too near.
      { numRuns: 40, examples: [[[0, undefined, 0, 0], 0]] },
    )
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('reads no more layers at a time than its concurrency, and two by default', async () => {
    for (const [options, most] of [
      [{}, 2],
      [{ concurrency: 1 }, 1],
      [{ concurrency: 3 }, 3],
    ] as const) {
      let open = 0
      let seen = 0
      const counted = async function* (tar: Uint8Array): ByteStream {
        seen = Math.max(seen, ++open)
        yield* slowly(tar, 2)
        open--
      }
      const layers = image.layers.map((layer) => layerOf(layer, { size: undefined, open: () => counted(layer.tar) }))
      const output = await openFileOutput(path, { overwrite: true })
      await write(output, [{ config: image.configBytes, repoTags: [], layers }], options)
      expect(seen).toBe(most)
    }
  })

  test('holds each layer and config once and joins the tags of one image', async () => {
    const [base] = image.layers
    if (base === undefined) throw new Error('no layer')
    const other = await buildImage({ layers: [base, await buildLayer([{ path: 'x', content: 'x' }])] })
    const images = [
      imageOf(image, ['app:1', 'app:moved']),
      imageOf(other, ['other:1', 'app:moved']),
      imageOf(image, ['app:2', 'app:1']),
    ]
    await write(await openFileOutput(path), images)
    const listed = await list(path)
    expect(new Set(listed.headers.map((header) => header.name)).size).toBe(listed.headers.length)
    expect(listed.headers.filter(isOwn)).toHaveLength(5 + 2 + 2)
    expect(json(listed, 'manifest.json')).toMatchObject([
      { RepoTags: ['app:1', 'app:2'] },
      { RepoTags: ['other:1', 'app:moved'] },
    ])
  })

  test('has a directory for each layer, as readers before manifest.json want it', async () => {
    const old: object = { docker_version: '20.10.24' }
    const author = await buildImage({ layers: image.layers, config: { author: 'a', ...old } })
    await write(await openFileOutput(path), [imageOf(image, ['app:1']), imageOf(author, ['app:2'])])
    const listed = await list(path)
    const { app } = json(listed, 'repositories') as { app: Record<string, string> }
    const tops: string[] = []
    for (const [tag, top] of Object.entries(app)) {
      const layers: string[] = []
      for (let id: string | undefined = top; id !== undefined;) {
        expect(Buffer.from(listed.files.get(`${id}/VERSION`) ?? []).toString()).toBe('1.0')
        const value = json(listed, `${id}/json`) as Record<string, string>
        expect(value['id']).toBe(id)
        if (id === top) tops.push(`${tag} ${value['author']} ${value['docker_version']} ${value['os']}`)
        const link = listed.headers.find(({ name }) => name === `${id}/layer.tar`)?.linkname ?? ''
        layers.unshift(digestOf(listed.files.get(link.replace('../', '')) ?? ''))
        id = value['parent']
      }
      expect(layers).toEqual(image.layers.map(({ diffId }) => diffId))
    }
    expect(tops).toEqual(['1 undefined undefined linux', '2 a 20.10.24 linux'])
    // What is below the top is shared.
    expect(listed.headers.filter(({ name }) => name.endsWith('/json'))).toHaveLength(image.layers.length + 1)
  })

  test('takes layers before their image and names after it, with the bytes of an image added at once', async () => {
    await write(await openFileOutput(path), [imageOf(image, ['app:1', 'app:2'])])
    const other = join(directory, 'other.tar')
    {
      await using writer = createDockerArchiveWriter(await openFileOutput(other))
      for (const layer of image.layers) {
        expect(writer.hasLayer(layer.diffId)).toBe(false)
        await writer.putLayer(layerOf(layer, { size: undefined }))
        expect(writer.hasLayer(layer.diffId)).toBe(true)
      }
      const held = image.layers.map((layer) => layerOf(layer, { open: () => expect.unreachable() }))
      await writer.add({ config: image.configBytes, repoTags: [], layers: held })
      await writer.addTags(image.imageId, ['app:1', 'docker.io/library/app:2'])
      await writer.finish()
      await expect(writer.addTags(image.imageId, ['app:3'])).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      for (const layer of held) {
        await expect(writer.putLayer(layer)).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      }
    }
    expect(await readFile(other)).toEqual(await readFile(path))
    for (const [id, tag] of [
      [image.imageId, 'app'],
      [parseImageId(image.manifest.digest), 'app:1'],
    ] as const) {
      await using writer = createDockerArchiveWriter(await openFileOutput(path, { overwrite: true }))
      await writer.add(imageOf(image, []))
      await expect(writer.addTags(id, [tag])).rejects.toMatchObject({ code: 'ERR_ARCHIVE_IMAGE' })
    }
  })

  test('takes layers of unknown digest and size, with the bytes of an image added at once', async () => {
    await write(await openFileOutput(path), [imageOf(image, ['app:1'])])
    const held = image.layers.map((layer) => layerOf(layer, { open: () => expect.unreachable() }))
    const other = join(directory, 'other.tar')
    {
      await using writer = createDockerArchiveWriter(await openFileOutput(other))
      for (const { tar, diffId } of [...image.layers, ...image.layers]) {
        expect(await writer.putTar(fromBytes(tar))).toEqual({ diffId, size: tar.byteLength })
        expect(writer.hasLayer(diffId)).toBe(true)
      }
      await writer.add({ config: image.configBytes, repoTags: ['app:1'], layers: held })
      await writer.finish()
      await expect(writer.putTar(fromBytes('late'))).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
    }
    expect(await readFile(other)).toEqual(await readFile(path))
  })

  test('is as it was after a layer of unknown digest that breaks off', async () => {
    const reason = new Error('enough')
    async function* broken(): AsyncGenerator<Uint8Array, void, void> {
      yield new Uint8Array(20_000_000)
      throw reason
    }
    await using writer = createDockerArchiveWriter(await openFileOutput(path))
    await expect(writer.putTar(broken())).rejects.toBe(reason)
    await expect(writer.putTar(fromBytes('x'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await writer.add(imageOf(image, ['app:1']))
    await writer.finish()
    const listed = await list(path)
    expect(json(listed, 'manifest.json')).toMatchObject([{ RepoTags: ['app:1'] }])
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('holds an image without layers', async () => {
    const empty = await buildImage({ layers: [] })
    await write(await openFileOutput(path), [{ config: empty.configBytes, repoTags: ['app:1'], layers: [] }])
    expect(json(await list(path), 'manifest.json')).toMatchObject([{ RepoTags: ['app:1'], Layers: [] }])
  })

  test('takes the archive back when a layer fails that was put ahead', async () => {
    const [layer] = image.layers
    if (layer === undefined) throw new Error('no layer')
    await using writer = createDockerArchiveWriter(await openFileOutput(path))
    await expect(writer.putLayer(layerOf(layer, { open: () => fromBytes('other') }))).rejects.toMatchObject({
      code: 'ERR_CONTENT_SHORT',
    })
    await expect(writer.add(imageOf(image, []))).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
    expect(await readdir(directory)).toEqual([])
  })

  test('holds a layer that an image has twice once', async () => {
    const layer = await buildLayer([{ path: 'x', content: 'x' }])
    const twice = await buildImage({ layers: [layer, layer] })
    await write(await openFileOutput(path), [imageOf(twice, [])])
    const listed = await list(path)
    expect(listed.headers.filter(isOwn)).toHaveLength(3)
    expect(listed.headers.filter(({ linkname }) => linkname?.endsWith('.tar'))).toHaveLength(2)
    expect(json(listed, 'manifest.json')).toMatchObject([{ RepoTags: null, Layers: { length: 2 } }])
  })

  test.each([
    [
      'another DiffID',
      'ERR_DIGEST_MISMATCH',
      (tar: Uint8Array) => tar.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
      true,
    ],
    ['fewer bytes', 'ERR_CONTENT_SHORT', (tar: Uint8Array) => tar.subarray(512), true],
    ['more bytes', 'ERR_CONTENT_LONG', (tar: Uint8Array) => Buffer.concat([tar, new Uint8Array(1)]), true],
    ['fewer bytes than unknown', 'ERR_DIGEST_MISMATCH', (tar: Uint8Array) => tar.subarray(512), false],
  ])('takes the archive back when a layer has %s', async (_, code, change, known) => {
    for (const bad of image.layers.keys()) {
      const layers = image.layers.map((layer, at) =>
        layerOf(layer, {
          size: known ? layer.tar.byteLength : undefined,
          open: () => slowly(at === bad ? change(layer.tar) : layer.tar),
        }),
      )
      await using writer = createDockerArchiveWriter(await openFileOutput(path))
      await expect(writer.add({ config: image.configBytes, repoTags: [], layers })).rejects.toMatchObject({ code })
      await expect(writer.finish()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      expect(await readdir(directory)).toEqual([])
    }
  })

  test('believes a stream that says that it is verified', async () => {
    const layers = image.layers.map((layer) =>
      layerOf(layer, { isVerified: true, open: () => slowly(layer.tar.map(() => 0)) }),
    )
    await write(await openFileOutput(path), [{ config: image.configBytes, repoTags: [], layers }])
    expect((await list(path)).headers.filter(isOwn)).toHaveLength(6)
  })

  test('stops all layers and takes the archive back when one fails or the signal fires', async () => {
    const failure = new Error('source failed')
    const controller = new AbortController()
    let closed = 0
    const never = async function* (first: Uint8Array): ByteStream {
      try {
        yield first
        controller.abort(failure)
        await sleep(20)
        yield first
        throw failure
      } finally {
        closed++
      }
    }
    for (const options of [{}, { signal: controller.signal }]) {
      for (const output of [await openFileOutput(path), streamOutput(new PassThrough().resume())]) {
        await using writer = createDockerArchiveWriter(output)
        const layers = image.layers.map((layer) =>
          layerOf(layer, { size: undefined, open: () => never(layer.tar.subarray(0, 10)) }),
        )
        await expect(writer.add({ config: image.configBytes, repoTags: [], layers }, options)).rejects.toBe(failure)
      }
    }
    expect(closed).toBeGreaterThan(0)
    expect(await readdir(directory)).toEqual([])
  })

  test('disposing it before the end leaves nothing, and an older file as it was', async () => {
    await writeFile(path, 'older')
    {
      await using writer = createDockerArchiveWriter(await openFileOutput(path, { overwrite: true }))
      await writer.add(imageOf(image, []))
    }
    expect(await readFile(path, 'utf8')).toBe('older')
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('refuses layers that are not those of the config, and names without a tag', async () => {
    const cases: [ArchiveImage, string][] = [
      [{ ...imageOf(image, []), layers: imageOf(image, []).layers.slice(1) }, 'ERR_ARCHIVE_IMAGE'],
      [{ ...imageOf(image, []), layers: imageOf(image, []).layers.toReversed() }, 'ERR_ARCHIVE_IMAGE'],
      [{ ...imageOf(image, []), layers: [] }, 'ERR_ARCHIVE_IMAGE'],
      [imageOf(image, ['app']), 'ERR_ARCHIVE_IMAGE'],
      [imageOf(image, [`app:1@${image.manifest.digest}`]), 'ERR_ARCHIVE_IMAGE'],
      [imageOf(image, ['App:1']), 'ERR_REFERENCE_SYNTAX'],
      [{ ...imageOf(image, []), config: new Uint8Array(3) }, 'ERR_CONFIG_SYNTAX'],
    ]
    for (const [wrong, code] of cases) {
      await using writer = createDockerArchiveWriter(await openFileOutput(path))
      await expect(writer.add(wrong)).rejects.toMatchObject({ code })
    }
    expect(await readdir(directory)).toEqual([])
  })

  test('refuses options out of range', async () => {
    const output = streamOutput(new PassThrough())
    expect(() => createDockerArchiveWriter(output, { concurrency: 0 })).toThrow(RangeError)
    expect(() => createDockerArchiveWriter(output, { memoryBytes: -1 })).toThrow(RangeError)
  })

  test('an archive without images is empty but whole', async () => {
    await write(await openFileOutput(path), [])
    expect(json(await list(path), 'manifest.json')).toEqual([])
  })

  test.skipIf(skopeo === undefined)('skopeo reads the archive, by tag too', async () => {
    await write(await openFileOutput(path), [imageOf(image, ['app:1', 'ghcr.io/a/b:2'], { size: undefined })])
    for (const name of ['', ':app:1', ':docker.io/library/app:1', ':ghcr.io/a/b:2']) {
      const { stdout } = await runOk(skopeo ?? '', ['inspect', `docker-archive:${path}${name}`])
      expect(JSON.parse(stdout)).toMatchObject({ Layers: image.layers.map((layer) => layer.diffId) })
    }
    await runOk(skopeo ?? '', [
      '--insecure-policy',
      'copy',
      `docker-archive:${path}`,
      `dir:${join(directory, 'copied')}`,
    ])
    const { stdout } = await runOk(skopeo ?? '', ['inspect', '--config', '--raw', `docker-archive:${path}`])
    expect(digestOf(stdout)).toBe(image.imageId)
  })

  test('GNU tar lists and extracts the archive', async () => {
    await write(await openFileOutput(path), [imageOf(image, ['app:1'])])
    const { stdout, code } = await run('tar', ['-tvf', path], { env: { TZ: 'UTC' } })
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(7 + 3 * 4)
    for (const line of stdout.trim().split('\n'))
      expect(line).toMatch(/^(?:-r--r--r--|lrwxrwxrwx) 0\/0 .* 1970-01-01 00:00 /)
  })
})

describe('openFileOutput()', () => {
  test('refuses a file that holds something, takes an empty one, and replaces when told', async () => {
    await writeFile(path, 'older')
    await expect(openFileOutput(path)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_EXISTS',
      message: expect.stringContaining("docker-archive doesn't support modifying existing images"),
    })
    await write(await openFileOutput(path, { overwrite: true }), [imageOf(image, [])])
    const replaced = await readFile(path)
    await writeFile(path, '')
    await write(await openFileOutput(path), [imageOf(image, [])])
    expect(await readFile(path)).toEqual(replaced)
  })

  test('does not replace a file that appears meanwhile', async () => {
    const output = await openFileOutput(path)
    await writeFile(path, 'another')
    await expect(write(output, [imageOf(image, [])])).rejects.toMatchObject({ code: 'ERR_ARCHIVE_EXISTS' })
    expect(await readFile(path, 'utf8')).toBe('another')
    expect(await readdir(directory)).toEqual(['image.tar'])
  })

  test('writes through a link, and to a device in place', async () => {
    await symlink('image.tar', join(directory, 'link'))
    await writeFile(path, '')
    await write(await openFileOutput(join(directory, 'link')), [imageOf(image, [])])
    expect((await list(path)).headers.filter(isOwn)).toHaveLength(6)
    await write(await openFileOutput('/dev/null'), [imageOf(image, [])])
  })
})

test('streamOutput() rejects with the error of its stream', async () => {
  const failure = new Error('pipe closed')
  const sink = new Writable({ write: (_, __, done) => done(failure) })
  await expect(write(streamOutput(sink), [imageOf(image, [])])).rejects.toBe(failure)
})

test('streamOutput() stops with the reason of its signal while nobody takes its bytes', async () => {
  const stop = new AbortController()
  const reason = new Error('stopped')
  const sink = new Writable({ write: () => stop.abort(reason) })
  const writing = write(streamOutput(sink, { signal: stop.signal }), [imageOf(image, [])])
  await expect(writing).rejects.toBe(reason)
  expect(sink.destroyed).toBe(true)
  const slowEnd = new Writable({ write: (_, __, done) => done(), final: () => ending.abort(reason) })
  const ending = new AbortController()
  await expect(streamOutput(slowEnd, { signal: ending.signal }).finish(0)).rejects.toBe(reason)
})

test('createDockerArchiveWriter() writes a layer of one empty stream of chunks', async () => {
  const layer = await buildLayer([])
  const empty = await buildImage({ layers: [layer] })
  await write(await openFileOutput(path), [
    { ...imageOf(empty, []), layers: [layerOf(layer, { open: () => fromBytes(layer.tar) })] },
  ])
  expect((await list(path)).headers.filter(isOwn)).toHaveLength(3)
})
