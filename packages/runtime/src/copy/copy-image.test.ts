import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createOciLayoutSink } from '@drayage/archive'
import { fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
  type TestIndex,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { pullImage } from '../images/pull-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let amd: TestImage
  let arm: TestImage
  let index: TestIndex
  let name: string
  let change: (bytes: Uint8Array, range: string | undefined) => Uint8Array

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    amd = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 2_000_000) }]] })
    arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    index = buildIndex([arm, amd])
    change = (bytes) => bytes
    registry = await startRegistry(changing)
    name = await registry.push('app', '1', index)
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** Lets `change` decide about the bytes of the amd64 image's layer. */
  function changing(handler: HttpClient): HttpClient {
    return async (request) => {
      const response = await handler(request)
      const layer = amd.layers[0]
      if (layer === undefined || request.method !== 'GET' || !request.url.endsWith(layer.descriptor.digest))
        return response
      const range = request.headers?.['range']
      const bytes = layer.bytes.subarray(Number(/\d+/.exec(range ?? '0')?.[0]))
      return { ...response, body: fromBytes(change(bytes, range)) }
    }
  }

  const out = (...parts: string[]): string => path.join(directory.path, 'out', ...parts)
  const tarManifest = (file: string): unknown =>
    JSON.parse(execFileSync('tar', ['-xOf', file, 'manifest.json']).toString())

  test('copyImage() copies from a registry and from the store to a layout and an archive, with equal bytes', async () => {
    await pullImage(runtime, name)
    for (const [from, source] of [
      ['registry', `docker://${name}`],
      ['store', `store:${name}`],
    ] as const) {
      const copied = await copyImage(runtime, source, `oci:${out(from)}`)
      expect(copied.digest).toBe(amd.manifest.digest)
      const layout = createOciLayoutSink({ directory: out(from) })
      expect(await layout.resolve(parseReference('any:1'))).toMatchObject({ digest: amd.manifest.digest })
      await copyImage(runtime, source, `docker-archive:${out(`${from}.tar`)}`)
      expect(tarManifest(out(`${from}.tar`))).toMatchObject([{ RepoTags: [name] }])
    }
    expect((await readFile(out('registry.tar'))).equals(await readFile(out('store.tar')))).toBe(true)
    await copyImage(runtime, name, `docker-archive:${out('named.tar')}:mine:2`)
    expect(tarManifest(out('named.tar'))).toMatchObject([{ RepoTags: ['mine:2'] }])
    await copyImage(runtime, `store:${amd.imageId}`, `docker-archive:${out('unnamed.tar')}`)
    expect(tarManifest(out('unnamed.tar'))).toMatchObject([{ RepoTags: null }])
  })

  test('copyImage() copies an index whole with all, and gives the tag that the target names', async () => {
    expect((await copyImage(runtime, name, `oci:${out('layout')}:mine`, { all: true })).digest).toBe(
      index.manifest.digest,
    )
    const layout = createOciLayoutSink({ directory: out('layout') })
    expect(await layout.resolve(parseReference('any:mine'))).toMatchObject({ digest: index.manifest.digest })
    for (const [digest, bytes] of index.blobs) {
      expect(await layout.has({ mediaType: '', digest, size: bytes.byteLength })).toBe(true)
    }
  })

  test('copyImage() chooses by platform, and fails without a match', async () => {
    await using other = await openTestRuntime(directory.path, {
      platform: { os: 'linux', architecture: 'arm64' },
      kind,
    })
    expect((await copyImage(other, name, `oci:${out('arm')}`)).digest).toBe(arm.manifest.digest)
    expect((await copyImage(other, name, `oci-archive:${out('arm.tar')}`)).digest).toBe(arm.manifest.digest)
    await using none = await openTestRuntime(directory.path, { platform: { os: 'linux', architecture: 's390x' }, kind })
    const wanted = { code: 'ERR_PLATFORM_NOT_FOUND' }
    await expect(copyImage(none, name, `oci:${out('x')}`)).rejects.toMatchObject(wanted)
    await expect(copyImage(none, name, `docker-archive:${out('x.tar')}`)).rejects.toMatchObject(wanted)
    await expect(copyImage(none, name, `oci-archive:${out('y.tar')}`)).rejects.toMatchObject(wanted)
    await expect(copyImage(none, name, 'store:x')).rejects.toMatchObject(wanted)
    expect((await readdir(out())).toSorted()).toEqual(['arm', 'arm.tar'])
  })

  test('copyImage() refuses an archive that is there, and places that it cannot use', async () => {
    await writeFile(out('a.tar'), 'something')
    await expect(copyImage(runtime, name, `docker-archive:${out('a.tar')}`)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_EXISTS',
    })
    expect(await readFile(out('a.tar'), 'utf8')).toBe('something')
    const refused = { code: 'ERR_TRANSPORT' }
    const byDigest = `docker://${registry.host}/app@${amd.manifest.digest}`
    await expect(copyImage(runtime, name, byDigest)).rejects.toMatchObject(refused)
    await expect(copyImage(runtime, name, `store:app@${amd.manifest.digest}`)).rejects.toMatchObject(refused)
    await expect(copyImage(runtime, name, `docker-archive:${out('b.tar')}`, { all: true })).rejects.toMatchObject(
      refused,
    )
  })

  test.each(['oci', 'docker-archive', 'oci-archive', 'dir'])(
    'copyImage() to %s goes on where a stream broke off',
    async (kind) => {
      const ranges: (string | undefined)[] = []
      change = (bytes, range) => {
        ranges.push(range)
        return range === undefined ? bytes.subarray(0, 1_234_567) : bytes
      }
      await copyImage(runtime, name, `${kind}:${out('copy')}`)
      // What was on the wire when the connection broke is lost. An archive asks for the size at the end of the layer before.
      const trailers = amd.layers.map(({ descriptor }) => `bytes=${descriptor.size - 4}-`)
      expect(ranges.filter((range) => !trailers.includes(range ?? ''))).toEqual([
        undefined,
        expect.stringMatching(/^bytes=[1-9]\d{5,6}-$/),
      ])
    },
  )

  test.each(['oci', 'docker-archive', 'oci-archive'])(
    'copyImage() to %s refuses a flipped byte and leaves nothing',
    async (kind) => {
      change = (bytes) => bytes.map((byte, position) => (position === 1_000_000 ? byte ^ 1 : byte))
      const copying = copyImage(runtime, name, `${kind}:${out('copy')}`)
      await expect(copying).rejects.toMatchObject({ code: /^ERR_(TRANSFER|COMPRESSED_DATA|DIGEST_MISMATCH)$/ })
      if (kind !== 'oci') return expect(await readdir(out())).toEqual([])
      const layout = createOciLayoutSink({ directory: out('copy') })
      for (const { descriptor } of amd.layers) expect(await layout.has(descriptor)).toBe(false)
      await expect(layout.resolve(parseReference('any:1'))).rejects.toMatchObject({ code: 'ERR_NAME_NOT_FOUND' })
    },
  )
})
