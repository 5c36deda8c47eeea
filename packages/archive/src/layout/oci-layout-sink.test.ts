import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { fromBytes } from '@drayage/bytes'
import { readBlob, writeBlob } from '@drayage/content'
import { digestHex, digestOf } from '@drayage/digest'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  describe as describeBytes,
  findPeer,
  randomBytes,
  runOk,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createOciLayoutSink, type OciLayoutSink } from './oci-layout-sink.ts'

const skopeo = findPeer('skopeo')
const umoci = findPeer('umoci')
const DIST = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
let root: string
let directory: string
let sink: OciLayoutSink

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drayage-layout-'))
  directory = join(root, 'layout')
  sink = createOciLayoutSink({ directory })
})
afterEach(() => rm(root, { recursive: true }))

async function copy(image: TestImage | TestIndex): Promise<void> {
  for (const [digest, bytes] of image.blobs)
    await writeBlob(sink, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
}

async function entries(): Promise<[string | undefined, string][]> {
  const index = JSON.parse(await readFile(join(directory, 'index.json'), 'utf8')) as { manifests: Descriptor[] }
  return index.manifests.map((entry) => [entry.annotations?.['org.opencontainers.image.ref.name'], entry.digest])
}

describe('createOciLayoutSink()', () => {
  test('writes a layout with unchanged digests, readable files and nothing else', async () => {
    const image = await buildImage()
    await copy(image)
    await sink.tag(image.manifest, parseReference('app:1'))
    expect((await readdir(directory)).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout'])
    expect(JSON.parse(await readFile(join(directory, 'oci-layout'), 'utf8'))).toEqual({ imageLayoutVersion: '1.0.0' })
    for (const [digest, bytes] of image.blobs) {
      const file = join(directory, 'blobs', 'sha256', digestHex(digest))
      expect(new Uint8Array(await readFile(file))).toEqual(bytes)
      expect((await stat(file)).mode & 0o777).toBe(0o644)
    }
    expect(await entries()).toEqual([['1', image.manifest.digest]])
  })

  test('put() takes the name from an older entry, and keeps names of the same content apart', async () => {
    const [first, second] = [await buildImage(), await buildImage({ config: { author: 'second' } })]
    await sink.put(first.manifest, '1')
    await sink.put(first.manifest, 'also')
    await sink.put(second.manifest, '1')
    expect(await entries()).toEqual([
      [undefined, first.manifest.digest],
      ['also', first.manifest.digest],
      ['1', second.manifest.digest],
    ])
    await sink.put(first.manifest, '1')
    expect(await entries()).toEqual([
      ['also', first.manifest.digest],
      [undefined, second.manifest.digest],
      ['1', first.manifest.digest],
    ])
    await sink.put(second.manifest)
    expect(await entries()).toHaveLength(3)
    await expect(sink.put(second.manifest, '')).rejects.toThrow(RangeError)
  })

  test('put() keeps what others wrote into the index', async () => {
    const image = await buildImage()
    await sink.put(image.manifest, '1')
    const file = join(directory, 'index.json')
    const before = JSON.parse(await readFile(file, 'utf8')) as { manifests: object[] }
    const kept = { ...before, annotations: { a: 'b' }, extra: 1, manifests: [{ ...before.manifests[0], extra: 2 }] }
    await writeFile(file, JSON.stringify(kept))
    await sink.put((await buildImage({ config: { author: 'other' } })).manifest, '2')
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      annotations: { a: 'b' },
      extra: 1,
      manifests: [{ extra: 2 }, {}],
    })
  })

  test('tag() and resolve() use the tag, latest by default, or the digest', async () => {
    const { manifest } = await buildImage()
    await sink.tag(manifest, parseReference('app'))
    expect(await sink.resolve(parseReference('app:latest'))).toMatchObject(manifest)
    await sink.tag(manifest, parseReference(`app@${manifest.digest}`))
    expect(await sink.resolve(parseReference(`app@${manifest.digest}`))).toMatchObject(manifest)
    await expect(sink.resolve(parseReference('app:2'))).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
  })

  test('refuses a directory with a layout of another version or a broken index', async () => {
    const { manifest } = await buildImage()
    await sink.put(manifest, '1')
    await writeFile(join(directory, 'index.json'), '{')
    await expect(sink.put(manifest, '1')).rejects.toMatchObject({ code: 'ERR_MANIFEST_SYNTAX' })
    for (const text of ['{"imageLayoutVersion":"2.0.0"}', '{}', 'x']) {
      await writeFile(join(directory, 'oci-layout'), text)
      await expect(sink.put(manifest, '1')).rejects.toMatchObject({ code: 'ERR_LAYOUT', directory })
    }
  })

  test('an ingest shows nothing before its commit, and drops its bytes when disposed', async () => {
    const bytes = randomBytes(1, 2_500_000)
    const what = describeBytes(MEDIA_TYPES.ociLayer, bytes)
    {
      await using ingest = await sink.begin(what.digest)
      await ingest.append(fromBytes(bytes))
      expect(ingest.offset).toBe(bytes.byteLength)
      expect(await sink.has(what)).toBe(false)
    }
    expect(await readdir(directory)).toEqual([])
    await using again = await sink.begin(what.digest)
    expect(again.offset).toBe(0)
    await again.append(fromBytes(bytes.subarray(0, 300_000)))
    await expect(again.commit(what)).rejects.toMatchObject({ code: 'ERR_CONTENT_SHORT' })
    await again.append(fromBytes(bytes.subarray(300_000)))
    expect(await again.commit(what)).toBe('committed')
    expect(await again.commit(what)).toBe('already-present')
    await expect(again.append(fromBytes(bytes))).rejects.toMatchObject({ code: 'ERR_INGEST_CLOSED' })
    expect(await sink.has(what)).toBe(true)
    expect(await readBlob(sink, what)).toEqual(bytes)
  })

  test('an ingest refuses long and other content and goes on from the start', async () => {
    const bytes = randomBytes(1, 1000)
    const what = describeBytes(MEDIA_TYPES.ociLayer, bytes)
    await using ingest = await sink.begin('any-key')
    await ingest.append(fromBytes(bytes, 'more'))
    await expect(ingest.commit(what)).rejects.toMatchObject({ code: 'ERR_CONTENT_LONG' })
    await ingest.append(fromBytes(randomBytes(2, 1000)))
    await expect(ingest.commit(what)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    await ingest.append(fromBytes('junk'))
    await ingest.reset()
    expect(ingest.offset).toBe(0)
    await ingest.append(fromBytes(bytes))
    const sha512 = { ...what, digest: digestOf(bytes, 'sha512') }
    expect(await ingest.commit(sha512)).toBe('committed')
    expect(await readBlob(sink, sha512)).toEqual(bytes)
  })

  test('an append that fails keeps what came before, and its hash', async () => {
    const bytes = randomBytes(1, 3_000_000)
    const what = describeBytes(MEDIA_TYPES.ociLayer, bytes)
    await using ingest = await sink.begin(what.digest)
    const failing = async function* () {
      yield bytes.subarray(0, 2_000_000)
      yield bytes.subarray(2_000_000, 2_000_100)
      throw new Error('connection lost')
    }
    await expect(ingest.append(failing())).rejects.toThrow('connection lost')
    expect(ingest.offset).toBeGreaterThanOrEqual(2_000_000)
    await ingest.append(fromBytes(bytes.subarray(ingest.offset)))
    expect(await ingest.commit(what)).toBe('committed')
  })

  test('begin() waits for the holder of the same key, and checks keys and signals', async () => {
    const first = await sink.begin('key')
    const reason = new Error('enough')
    await expect(sink.begin('key', { signal: AbortSignal.timeout(1) })).rejects.toMatchObject({ name: 'TimeoutError' })
    await expect(sink.begin('other', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(sink.begin('../key')).rejects.toMatchObject({ code: 'ERR_INGEST_KEY' })
    const waiting = sink.begin('key')
    await first[Symbol.asyncDispose]()
    await (await waiting)[Symbol.asyncDispose]()
  })

  test('fetch() does not follow links and verifies what it gives', async () => {
    const image = await buildImage()
    await copy(image)
    const file = join(directory, 'blobs', 'sha256', digestHex(image.config.digest))
    await writeFile(
      file,
      image.configBytes.map((byte) => byte ^ 1),
    )
    await expect(readBlob(sink, image.config)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' })
    await rm(file)
    await expect(readBlob(sink, image.config)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
    await writeFile(join(root, 'outside'), image.configBytes)
    await symlink(join(root, 'outside'), file)
    await expect(readBlob(sink, image.config)).rejects.toMatchObject({ code: 'ERR_CONTENT_NOT_FOUND' })
    expect(await sink.has(image.config)).toBe(false)
  })

  test('fetch() gives a part, and refuses a malformed offset', async () => {
    const image = await buildImage()
    await copy(image)
    const parts: Uint8Array[] = []
    for await (const part of sink.fetch(image.config, { offset: 10 })) parts.push(part)
    expect(new Uint8Array(Buffer.concat(parts))).toEqual(image.configBytes.slice(10))
    await expect(sink.fetch(image.config, { offset: -1 })[Symbol.asyncIterator]().next()).rejects.toThrow(RangeError)
  })

  test('processes that extend one layout at the same time lose nothing', async () => {
    const body = `import { createOciLayoutSink } from ${JSON.stringify(DIST)}
      import { writeBlob } from '@drayage/content'
      import { digestOf } from '@drayage/digest'
      const sink = createOciLayoutSink({ directory: ${JSON.stringify(directory)} })
      for (let turn = 0; turn < 8; turn++) {
        const text = process.argv[1] + turn
        const what = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(text), size: text.length }
        await writeBlob(sink, what, new TextEncoder().encode(text))
        await sink.put(what, text)
      }`
    const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', body]
    const cwd = fileURLToPath(new URL('..', import.meta.url))
    await Promise.all(['a', 'b', 'c'].map((name) => promisify(execFile)(process.execPath, [...args, name], { cwd })))
    expect(new Set((await entries()).map(([name]) => name)).size).toBe(24)
    expect((await readdir(directory)).toSorted()).toEqual(['blobs', 'index.json', 'oci-layout'])
  })

  test.skipIf(umoci === undefined)('umoci reads the layout', async () => {
    const image = await buildImage()
    await copy(image)
    await sink.put(image.manifest, 'tag')
    const { stdout } = await runOk(umoci ?? '', ['stat', '--image', `${directory}:tag`, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ history: [{ layer: { digest: image.layers[0]?.descriptor.digest } }] })
  })

  test.skipIf(skopeo === undefined)(
    'skopeo copies from the layout with unchanged digests, and so does this of what skopeo adds',
    async () => {
      const images = buildIndex([
        await buildImage(),
        await buildImage({ platform: { os: 'linux', architecture: 'arm64' } }),
      ])
      await copy(images)
      await sink.put(images.manifest, 'tag')
      const copied = join(root, 'copied')
      await runOk(skopeo ?? '', [
        '--insecure-policy',
        'copy',
        '--all',
        '--preserve-digests',
        `oci:${directory}:tag`,
        `oci:${copied}:tag`,
      ])
      const other = createOciLayoutSink({ directory: copied })
      expect(await other.resolve(parseReference('x:tag'))).toMatchObject(images.manifest)
      await runOk(skopeo ?? '', ['--insecure-policy', 'copy', '--all', `oci:${copied}:tag`, `oci:${directory}:second`])
      expect((await entries()).length).toBeGreaterThan(0)
      await sink.put(images.manifest, 'third')
      expect((await entries()).map(([name]) => name)).toContain('third')
    },
  )
})
