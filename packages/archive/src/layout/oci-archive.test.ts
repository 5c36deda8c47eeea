import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { type AbortOptions, fromBytes } from '@drayage/bytes'
import { createMemoryStore, type Fetcher, readBlob, walk, writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, buildLayer, findPeer, randomBytes, runOk, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ArchiveOutput } from '../output/archive-output.ts'
import { openFileOutput } from '../output/file-output.ts'
import { fillArchive } from '../test/fill-archive.ts'
import { createOciArchiveSink, type OciArchiveSinkOptions } from './oci-archive-sink.ts'
import { openOciArchive } from '../open-archive.ts'
import { streamOutput } from '../output/stream-output.ts'

const skopeo = findPeer('skopeo')
const BIG = { maxBytes: 10_000_000 }
let directory: string
let path: string
let index: TestIndex
let source: Fetcher

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'drayage-oci-archive-'))
  path = join(directory, 'image.tar')
  const layers = [await buildLayer([{ path: 'a', content: randomBytes(1, 2_000_000) }]), await buildLayer([])]
  const first = await buildImage({ layers })
  const second = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
  index = buildIndex([first, second])
  source = await storeOf(index.blobs)
})
afterEach(() => rm(directory, { recursive: true }))

async function storeOf(blobs: TestIndex['blobs']): Promise<Fetcher> {
  const store = createMemoryStore()
  for (const [digest, bytes] of blobs) {
    await writeBlob(store, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  return store
}

interface Root {
  readonly what: Descriptor
  readonly refName?: string
}

/** Writes an archive of what is below `roots`, which are its entries. */
async function writeArchive(
  output: ArchiveOutput,
  from: Fetcher,
  roots: readonly Root[],
  { signal, ...options }: OciArchiveSinkOptions & AbortOptions = {},
): Promise<void> {
  await using sink = createOciArchiveSink(output, options)
  await fillArchive(
    sink,
    from,
    roots.map(({ what }) => what),
    { limit: options.concurrency ?? 2, signal },
  )
  for (const { what, refName } of roots) await sink.put(what, refName)
  await sink.finish({ signal })
}

describe('an oci-archive', () => {
  test('holds a graph unchanged, also through the other end of a pipe', async () => {
    const roots = [
      { what: index.manifest, refName: 'v1' },
      { what: index.manifest, refName: 'v2' },
    ]
    await writeArchive(await openFileOutput(path), source, roots)
    const parts: Uint8Array[] = []
    const sink = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
    await writeArchive(streamOutput(sink), source, roots, { concurrency: 4, memoryBytes: 10 })
    expect(digestOf(Buffer.concat(parts))).toBe(digestOf(await readFile(path)))
    expect(await readdir(directory)).toEqual(['image.tar'])
    await using archive = await openOciArchive(path)
    expect(await archive.entries()).toHaveLength(2)
    expect(await archive.select('v2')).toMatchObject(index.manifest)
    const seen: string[] = []
    for await (const { descriptor } of walk(archive, index.manifest)) {
      await readBlob(archive, descriptor, BIG)
      seen.push(descriptor.digest)
    }
    expect(seen.toSorted()).toEqual([...index.blobs.keys()].toSorted())
  })

  test.skipIf(skopeo === undefined)('is read by skopeo (skopeo)', async () => {
    await writeArchive(await openFileOutput(path), source, [{ what: index.manifest, refName: 'v1' }])
    const target = join(directory, 'dir')
    await runOk(skopeo ?? '', ['copy', '--all', '--preserve-digests', `oci-archive:${path}:v1`, `dir:${target}`])
    expect(digestOf(await readFile(join(target, 'manifest.json')))).toBe(index.manifest.digest)
  })

  test('is taken back whole when a blob is missing, wrong or refused', async () => {
    const roots = [{ what: index.manifest }]
    const [first] = index.images
    const layer = first !== undefined && 'layers' in first ? first.layers[0] : undefined
    if (layer === undefined) throw new Error('no layer')
    const blobs = new Map(index.blobs)
    blobs.delete(layer.descriptor.digest)
    const incomplete = await storeOf(blobs)
    await expect(writeArchive(await openFileOutput(path), incomplete, roots)).rejects.toMatchObject({
      code: 'ERR_CONTENT_NOT_FOUND',
    })
    for (const [wrong, name] of [
      [[], 'ArchiveImageError'],
      [[{ what: index.manifest, refName: '' }], 'ArchiveImageError'],
    ] as const) {
      await expect(writeArchive(await openFileOutput(path), source, wrong)).rejects.toMatchObject({ name })
    }
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(writeArchive(await openFileOutput(path), source, roots, { signal })).rejects.toThrow('enough')
    expect(await readdir(directory)).toEqual([])
  })
})

async function readFrom(descriptor: Descriptor): Promise<Uint8Array> {
  return await readBlob(source, descriptor, BIG)
}

/** A stream output and what it got. */
function pipe(): { readonly output: ArchiveOutput; bytes(): Uint8Array } {
  const parts: Uint8Array[] = []
  const sink = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
  return { output: streamOutput(sink), bytes: () => Buffer.concat(parts) }
}

describe('createOciArchiveSink()', () => {
  test('gives the same bytes when content is announced, whatever order it comes in', async () => {
    await writeArchive(await openFileOutput(path), source, [{ what: index.manifest, refName: '1' }])
    const contents: Descriptor[] = []
    for await (const { descriptor } of walk(source, index.manifest)) contents.push(descriptor)
    const piped = pipe()
    for (const [output, order] of [
      [await openFileOutput(join(directory, 'other.tar')), contents.toReversed()],
      [piped.output, contents],
      [pipe().output, contents.toReversed()],
    ] as const) {
      await using sink = createOciArchiveSink(output, { memoryBytes: 10 })
      sink.expect(contents)
      for (const descriptor of order) {
        await writeBlob(sink, descriptor, await readFrom(descriptor))
        expect(await sink.has(descriptor)).toBe(true)
      }
      await sink.put(index.manifest, '1')
      await sink.finish()
      await expect(sink.finish()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      await expect(sink.begin('x')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      await expect(sink.put(index.manifest)).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
    }
    expect(await readFile(join(directory, 'other.tar'))).toEqual(await readFile(path))
    expect(digestOf(piped.bytes())).toBe(digestOf(await readFile(path)))
    expect((await readdir(directory)).toSorted()).toEqual(['image.tar', 'other.tar'])
  })

  test('takes parts of several contents in turn, and continues one that was put down', async () => {
    const piped = pipe()
    for (const output of [await openFileOutput(path), piped.output]) {
      await using sink = createOciArchiveSink(output, { memoryBytes: 100_000 })
      const contents = await Array.fromAsync(walk(source, index.manifest), ({ descriptor }) => descriptor)
      for (const part of [0, 1, 2]) {
        for (const what of contents) {
          const bytes = await readFrom(what)
          await using ingest = await sink.begin(what.digest, { size: what.size })
          await ingest.append(fromBytes(bytes.subarray(ingest.offset, Math.ceil((bytes.byteLength * (part + 1)) / 3))))
          expect(await sink.has(what)).toBe(false)
          if (part === 2) expect(await ingest.commit(what)).toBe('committed')
        }
      }
      await sink.tag(index.manifest, parseReference('ghcr.io/a/app:1'))
      await sink.finish()
    }
    expect(digestOf(piped.bytes())).toBe(digestOf(await readFile(path)))
    await using archive = await openOciArchive(path)
    expect(await archive.resolve(parseReference('ghcr.io/a/app:1'))).toMatchObject(index.manifest)
    for await (const { descriptor } of walk(archive, index.manifest)) await readBlob(archive, descriptor, BIG)
  })

  test('leaves out what was announced or begun and did not come', async () => {
    const [first, second] = index.images
    if (first === undefined || second === undefined) throw new Error('no images')
    const lost = { mediaType: 'a/b', digest: digestOf('lost'), size: 1_000_000 }
    const piped = pipe()
    for (const output of [await openFileOutput(path), piped.output]) {
      await using sink = createOciArchiveSink(output)
      sink.expect([lost])
      for await (const { descriptor } of walk(source, second.manifest)) {
        await writeBlob(sink, descriptor, await readFrom(descriptor))
      }
      {
        await using _begun = await sink.begin(digestOf('begun'), { size: 2000 })
      }
      await sink.put(second.manifest)
      await sink.finish()
    }
    expect((await readFile(path)).byteLength).toBeLessThan(1_000_000)
    expect(digestOf(piped.bytes())).toBe(digestOf(await readFile(path)))
    await using archive = await openOciArchive(path)
    for await (const { descriptor } of walk(archive, second.manifest)) await readBlob(archive, descriptor, BIG)
  })

  test('refuses wrong bytes, and takes the right ones afterwards where it can', async () => {
    const content = randomBytes(7, 3_000_000)
    const what = { mediaType: 'a/b', digest: digestOf(content), size: content.byteLength }
    for (const [output, canRestart] of [
      [await openFileOutput(path), true],
      [pipe().output, false],
    ] as const) {
      await using sink = createOciArchiveSink(output)
      await using ingest = await sink.begin(what.digest, { size: what.size })
      await ingest.append(fromBytes(content.map((byte) => byte ^ 1)))
      await expect(ingest.commit(what)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
      if (!canRestart) {
        await expect(sink.put(what)).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
        continue
      }
      expect(ingest.offset).toBe(0)
      await ingest.append(fromBytes(content, 'x'))
      await expect(ingest.commit(what)).rejects.toMatchObject({ code: 'ERR_CONTENT_LONG' })
      await ingest.append(fromBytes(content))
      expect(await ingest.commit(what)).toBe('committed')
      expect(await ingest.commit(what)).toBe('already-present')
    }
  })

  test('refuses an index that leads nowhere, and takes the archive back', async () => {
    for (const entries of [[], [index.manifest]]) {
      await using sink = createOciArchiveSink(await openFileOutput(path))
      for (const what of entries) await sink.put(what)
      await expect(sink.put(index.manifest, '')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_IMAGE' })
      await expect(sink.finish()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_IMAGE' })
    }
    expect(await readdir(directory)).toEqual([])
  })

  test('leaves nothing when it is disposed before its end', async () => {
    {
      await using sink = createOciArchiveSink(await openFileOutput(path), { spoolDirectory: directory })
      for (const [digest, bytes] of index.blobs) {
        await writeBlob(sink, { mediaType: 'a/b', digest, size: bytes.byteLength }, bytes)
      }
    }
    expect(await readdir(directory)).toEqual([])
  })
})
