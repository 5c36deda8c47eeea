import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { Writable } from 'node:stream'

import { createOciLayoutSink } from '@drayage/archive'
import { parseReference } from '@drayage/reference'
import { buildImage, buildLayer, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Runtime } from './create-runtime.ts'
import { pullImage } from './pull-image.ts'
import { saveImages } from './save-images.ts'
import { tagImage } from './tag-image.ts'
import { openTestRuntime } from './test/open-test-runtime.ts'
import { startRegistry } from './test/test-registry.ts'

let directory: TempDir
let runtime: Runtime
let one: TestImage
let two: TestImage

beforeEach(async () => {
  directory = await tempDir()
  runtime = await openTestRuntime(directory.path)
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

test('saveImages() writes a repository with all tags, shared layers once, and equal bytes each time', async () => {
  await saveImages(runtime, ['app'], { output: out('a.tar') })
  await saveImages(runtime, ['app:1', 'app:2', 'app:1'], { output: out('b.tar') })
  expect((await readFile(out('a.tar'))).equals(await readFile(out('b.tar')))).toBe(true)
  expect(manifestOf(out('a.tar'))).toMatchObject([
    { Config: file(one.imageId, '.json'), RepoTags: ['app:1'] },
    { Config: file(two.imageId, '.json'), RepoTags: ['app:2'] },
  ])
  const base = one.layers[0]?.tar.byteLength
  expect(filesOf(out('a.tar')).filter((line) => line.includes(` ${base} `))).toHaveLength(1)
})

test('saveImages() saves by ID without tags, and into a stream with back-pressure the same bytes', async () => {
  await saveImages(runtime, [two.imageId.slice(7, 19)], { output: out('id.tar') })
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
  await saveImages(runtime, [two.imageId], { output: slow })
  expect(slow.writableFinished).toBe(true)
  expect(Buffer.concat(chunks).equals(await readFile(out('id.tar')))).toBe(true)
})

test('saveImages() leaves no file when a layer is lost, and the old one as it was (F34)', async () => {
  await saveImages(runtime, ['app:1'], { output: out('old.tar') })
  const before = await readFile(out('old.tar'))
  const lost = two.layers[1]?.descriptor.digest
  if (lost === undefined) throw new Error('no layer')
  await rm((await runtime.openStore()).content.blobPath(lost))
  for (const name of ['old.tar', 'new.tar']) {
    await expect(saveImages(runtime, ['app'], { output: out(name) })).rejects.toMatchObject({
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
