import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'

import { createMemoryStore, type Fetcher, readBlob, walk, writeBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, buildLayer, findPeer, randomBytes, runOk, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { openFileOutput } from './file-output.ts'
import { createOciArchiveSink } from './oci-archive-sink.ts'
import { openOciArchive } from './open-archive.ts'
import { streamOutput } from './stream-output.ts'
import { writeOciArchive } from './write-oci-archive.ts'

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

describe('writeOciArchive()', () => {
  test('writes a graph that reads back unchanged, also through the other end of a pipe', async () => {
    const roots = [
      { what: index.manifest, refName: 'v1' },
      { what: index.manifest, refName: 'v2' },
    ]
    await writeOciArchive(await openFileOutput(path), source, roots)
    const parts: Uint8Array[] = []
    const sink = new Writable({ write: (chunk, _, done) => (parts.push(new Uint8Array(chunk)), done()) })
    await writeOciArchive(streamOutput(sink), source, roots, { concurrency: 4, memoryBytes: 10 })
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

  test.skipIf(skopeo === undefined)('writes what skopeo reads (skopeo)', async () => {
    await writeOciArchive(await openFileOutput(path), source, [{ what: index.manifest, refName: 'v1' }])
    const target = join(directory, 'dir')
    await runOk(skopeo ?? '', ['copy', '--all', '--preserve-digests', `oci-archive:${path}:v1`, `dir:${target}`])
    expect(digestOf(await readFile(join(target, 'manifest.json')))).toBe(index.manifest.digest)
  })

  test('takes everything back when a blob is missing, wrong or refused', async () => {
    const roots = [{ what: index.manifest }]
    const [first] = index.images
    const layer = first !== undefined && 'layers' in first ? first.layers[0] : undefined
    if (layer === undefined) throw new Error('no layer')
    const blobs = new Map(index.blobs)
    blobs.delete(layer.descriptor.digest)
    const incomplete = await storeOf(blobs)
    await expect(writeOciArchive(await openFileOutput(path), incomplete, roots)).rejects.toMatchObject({
      code: 'ERR_CONTENT_NOT_FOUND',
    })
    for (const [wrong, name] of [
      [[], 'ArchiveImageError'],
      [[{ what: index.manifest, refName: '' }], 'ArchiveImageError'],
    ] as const) {
      await expect(writeOciArchive(await openFileOutput(path), source, wrong)).rejects.toMatchObject({ name })
    }
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(writeOciArchive(await openFileOutput(path), source, roots, { signal })).rejects.toThrow('enough')
    expect(await readdir(directory)).toEqual([])
  })
})

describe('createOciArchiveSink()', () => {
  test('gives the bytes of writeOciArchive(), in whatever order content comes', async () => {
    await writeOciArchive(await openFileOutput(path), source, [{ what: index.manifest, refName: '1' }])
    const other = join(directory, 'other.tar')
    {
      await using sink = await createOciArchiveSink(await openFileOutput(other), { spoolDirectory: directory })
      for await (const { descriptor } of walk(source, index.manifest)) {
        await writeBlob(sink, descriptor, await readBlob(source, descriptor, BIG))
        expect(await sink.has(descriptor)).toBe(true)
      }
      await sink.tag(index.manifest, parseReference('app:1'))
      await sink.finish()
      await expect(sink.finish()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
      await expect(sink.begin('x')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_CLOSED' })
    }
    expect(await readFile(other)).toEqual(await readFile(path))
    expect((await readdir(directory)).toSorted()).toEqual(['image.tar', 'other.tar'])
  })

  test('leaves nothing when it is disposed before its end', async () => {
    {
      await using sink = await createOciArchiveSink(await openFileOutput(path), { spoolDirectory: directory })
      for (const [digest, bytes] of index.blobs) {
        await writeBlob(sink, { mediaType: 'a/b', digest, size: bytes.byteLength }, bytes)
      }
    }
    expect(await readdir(directory)).toEqual([])
  })
})
