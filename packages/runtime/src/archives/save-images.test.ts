import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { Writable } from 'node:stream'

import { createOciLayoutSink, openDirImage, openOciArchive } from '@drayage/archive'
import { parseReference } from '@drayage/reference'
import {
  buildImage,
  buildIndex,
  buildLayer,
  randomBytes,
  tempDir,
  type TempDir,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { copyImage } from '../copy/copy-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { saveImages } from './save-images.ts'
import { tagImage } from '../images/tag-image.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime
  let one: TestImage
  let two: TestImage

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    const base = await buildLayer([{ path: 'base', content: randomBytes(1, 300_000) }])
    one = await buildImage({ layers: [base] })
    two = await buildImage({ layers: [base, await buildLayer([{ path: 'own', content: randomBytes(2, 100_000) }])] })
    await using registry = await startRegistry()
    for (const [tag, image] of [
      ['1', one],
      ['2', two],
    ] as const) {
      const name = await registry.push('app', tag, image)
      await pullImage(runtime, name)
      await tagImage(runtime, name, `app:${tag}`)
    }
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (name: string): string => path.join(directory.path, 'out', name)
  const manifestOf = (file: string): unknown =>
    JSON.parse(execFileSync('tar', ['-xOf', file, 'manifest.json']).toString())
  const filesOf = (file: string): string[] =>
    execFileSync('tar', ['-tvf', file])
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('-'))
  const file = (digest: string, suffix: string): string => `${digest.slice('sha256:'.length)}${suffix}`

  test('of an image that came with several manifests, each name is saved, copied and pushed with its own', async () => {
    const tree = [[{ path: 'same', content: randomBytes(3, 100_000) }]]
    const twins = {
      gz: await buildImage({ layers: tree, compression: 'gzip' }),
      zst: await buildImage({ layers: tree, compression: 'zstd' }),
      both: await buildImage({ layers: tree, compression: 'none' }),
    }
    expect(new Set(Object.values(twins).map(({ imageId }) => imageId)).size).toBe(1)
    const other = await buildImage({ layers: tree, platform: { os: 'linux', architecture: 'arm64' } })
    await using registry = await startRegistry()
    const names = new Map<string, { readonly target: string; readonly manifest: string }>()
    for (const [tag, image] of Object.entries(twins)) {
      const what = tag === 'both' ? buildIndex([other, image]) : image
      const name = await registry.push('twins', tag, what)
      await pullImage(runtime, name)
      names.set(name, { target: what.manifest.digest, manifest: image.manifest.digest })
    }
    for (const [name, { target, manifest }] of names) {
      const tag = name.split(':').at(-1) ?? ''
      await saveImages(runtime, [name], { output: out(`${tag}.tar`) })
      await using saved = await openOciArchive(out(`${tag}.tar`))
      expect([tag, (await saved.select(undefined)).digest]).toEqual([tag, target])
      const copied = await copyImage(runtime, `store:${name}`, `oci:${out(tag)}:1`)
      expect([tag, copied.digest]).toEqual([tag, manifest])
      const pushed = await pushImage(runtime, name)
      expect([tag, pushed.target.digest]).toEqual([tag, target])
    }
  })

  test('saveImages() writes a repository with all tags, shared layers once, and equal bytes each time', async () => {
    const format = 'docker-archive'
    await saveImages(runtime, ['app'], { output: out('a.tar'), format })
    await saveImages(runtime, ['app:1', 'app:2', 'app:1'], { output: out('b.tar'), format })
    expect((await readFile(out('a.tar'))).equals(await readFile(out('b.tar')))).toBe(true)
    expect(manifestOf(out('a.tar'))).toMatchObject([
      { Config: file(one.imageId, '.json'), RepoTags: ['app:1'] },
      { Config: file(two.imageId, '.json'), RepoTags: ['app:2'] },
    ])
    const base = one.layers[0]?.tar.byteLength
    expect(filesOf(out('a.tar')).filter((line) => line.includes(` ${base} `))).toHaveLength(1)
  })

  test('saveImages() saves by ID without tags, and into a stream with back-pressure the same bytes', async () => {
    const format = 'docker-archive'
    await saveImages(runtime, [two.imageId.slice(7, 19)], { output: out('id.tar'), format })
    expect(manifestOf(out('id.tar'))).toMatchObject([{ Config: file(two.imageId, '.json'), RepoTags: null }])
    const chunks: Buffer[] = []
    let writing = 0
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        expect(++writing).toBe(1)
        chunks.push(Buffer.from(chunk))
        setImmediate(() => {
          writing--
          done()
        })
      },
    })
    await saveImages(runtime, [two.imageId], { output: slow, format })
    expect(slow.writableFinished).toBe(true)
    expect(Buffer.concat(chunks).equals(await readFile(out('id.tar')))).toBe(true)
  })

  test('saveImages() leaves no file when a layer is lost, and the old one as it was', async () => {
    const format = 'docker-archive'
    await saveImages(runtime, ['app:1'], { output: out('old.tar'), format })
    const before = await readFile(out('old.tar'))
    const lost = two.layers[1]?.descriptor.digest
    if (lost === undefined) throw new Error('no layer')
    await (await runtime.openStore()).content.delete(lost)
    for (const name of ['old.tar', 'new.tar']) {
      await expect(saveImages(runtime, ['app'], { output: out(name), format })).rejects.toMatchObject({
        code: 'ERR_LAYER_CORRUPT',
      })
    }
    expect(await readdir(out('.'))).toEqual(['old.tar'])
    expect((await readFile(out('old.tar'))).equals(before)).toBe(true)
    await expect(saveImages(runtime, ['none'], { output: out('x') })).rejects.toMatchObject({
      code: 'ERR_IMAGE_NOT_FOUND',
    })
    expect(await readdir(out('.'))).toEqual(['old.tar'])
  })

  test('saveImages() leaves no file of any archive format when a layer is lost', async () => {
    const lost = two.layers[1]?.descriptor.digest
    if (lost === undefined) throw new Error('no layer')
    await (await runtime.openStore()).content.delete(lost)
    for (const format of ['docker-oci-archive', 'oci-archive'] as const) {
      await expect(saveImages(runtime, ['app'], { output: out('new.tar'), format })).rejects.toMatchObject({
        cause: { code: 'ERR_CONTENT_NOT_FOUND' },
      })
      expect(await readdir(out('.'))).toEqual([])
    }
  })

  test.each(['docker-oci-archive', 'docker-archive', 'oci-archive'] as const)(
    'saveImages() as %s gives equal bytes to files and streams',
    async (format) => {
      await saveImages(runtime, ['app', one.imageId], { output: out('file.tar'), format })
      const chunks: Buffer[] = []
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          chunks.push(Buffer.from(chunk))
          done()
        },
      })
      await saveImages(runtime, ['app', one.imageId], { output: stream, format })
      expect(Buffer.concat(chunks).equals(await readFile(out('file.tar')))).toBe(true)
    },
  )

  test('saveImages() keeps manifests and layers by default, each blob once', async () => {
    await tagImage(runtime, 'app:1', 'ghcr.io/a/b:1')
    await saveImages(runtime, ['app', 'ghcr.io/a/b'], { output: out('both.tar') })
    const blob = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`
    expect(manifestOf(out('both.tar'))).toEqual(
      [one, two].map((image, at) => ({
        Config: blob(image.imageId),
        RepoTags: at === 0 ? ['app:1', 'ghcr.io/a/b:1'] : ['app:2'],
        Layers: image.layers.map((layer) => blob(layer.descriptor.digest)),
      })),
    )
    await using archive = await openOciArchive(out('both.tar'))
    expect(await archive.resolve(parseReference('app:1'))).toMatchObject({ digest: one.manifest.digest })
    expect(await archive.resolve(parseReference('ghcr.io/a/b:1'))).toMatchObject({ digest: one.manifest.digest })
    expect(await archive.select('2')).toMatchObject({ digest: two.manifest.digest })
    for (const [digest, bytes] of [...one.blobs, ...two.blobs]) {
      expect(await archive.has({ mediaType: '', digest, size: bytes.byteLength })).toBe(true)
    }
    // The base is shared.
    expect(filesOf(out('both.tar')).filter((line) => line.includes(' blobs/'))).toHaveLength(2 + 2 + 2)
  })

  test('saveImages() as dir takes one image and no stream', async () => {
    await saveImages(runtime, ['app:1'], { output: out('image'), format: 'dir' })
    const image = await openDirImage({ directory: out('image') })
    for (const [digest, bytes] of one.blobs) {
      const what = digest === one.manifest.digest ? one.manifest : { mediaType: '', digest, size: bytes.byteLength }
      expect(await image.has(what)).toBe(true)
    }
    await expect(saveImages(runtime, ['app:2'], { output: out('image'), format: 'dir' })).rejects.toMatchObject({
      code: 'ERR_DIR_IMAGE',
    })
    for (const output of [out('other'), new Writable()]) {
      await expect(saveImages(runtime, ['app'], { output, format: 'dir' })).rejects.toMatchObject({
        code: 'ERR_TRANSPORT',
      })
    }
    expect(await readdir(out('.'))).toEqual(['image'])
  })

  test('saveImages() as OCI layout changes no digest, and takes images without a name', async () => {
    await saveImages(runtime, ['app:1', two.imageId], { output: out('layout'), format: 'oci' })
    const layout = createOciLayoutSink({ directory: out('layout') })
    expect(await layout.resolve(parseReference('any:1'))).toMatchObject({ digest: one.manifest.digest })
    expect(await layout.resolve(parseReference(`any@${two.manifest.digest}`))).not.toHaveProperty('annotations')
    for (const [digest, bytes] of [...one.blobs, ...two.blobs]) {
      expect(await layout.has({ mediaType: '', digest, size: bytes.byteLength })).toBe(true)
    }
    const stream = new Writable()
    await expect(saveImages(runtime, ['app'], { output: stream, format: 'oci' })).rejects.toMatchObject({
      code: 'ERR_TRANSPORT',
    })
  })
})
