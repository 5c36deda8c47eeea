import path from 'node:path'

import { digestOf } from '@drayage/digest'
import { parseReference, type Reference } from '@drayage/reference'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { pullImage } from '../images/pull-image.ts'
import { pushImage } from '../images/push-image.ts'
import { tagImage } from '../images/tag-image.ts'
import { openRemote } from '../remote/remote.ts'
import type { Runtime } from '../runtime.ts'
import { syncImages } from '../sync/sync-images.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { copyImage } from './copy-images.ts'

let work: TempDir
let runtime: Runtime
let source: TestRegistry
let target: TestRegistry
beforeEach(async () => {
  work = await tempDir()
  source = await startRegistry()
  target = await startRegistry()
  runtime = await openTestRuntime(work.path)
})
afterEach(async () => {
  await runtime[Symbol.asyncDispose]()
  await source[Symbol.asyncDispose]()
  await target[Symbol.asyncDispose]()
  await work[Symbol.asyncDispose]()
})

/** Puts an image or index into the source whose tag stands for a digest by sha512. */
async function pushBySha512(image: TestImage | TestIndex): Promise<{ readonly name: string; readonly digest: string }> {
  const name = await source.push('app', 'old', image)
  const reference: Reference = { ...parseReference(name), tag: '1' }
  const what = { ...image.manifest, digest: digestOf(image.manifestBytes, 'sha512') }
  await openRemote(runtime, reference).putTagged(what, image.manifestBytes, reference)
  return { name: `${source.host}/app:1`, digest: what.digest }
}

const digestAt = async (name: string): Promise<string> => {
  const reference = parseReference(name)
  return (await openRemote(runtime, reference).resolve(reference)).digest
}

test.each([true, false])(
  'a copy to a registry keeps a digest by sha512 (preserveDigests: %s)',
  async (preserveDigests) => {
    const { name, digest } = await pushBySha512(buildIndex([await buildImage()]))
    const to = `${target.host}/copy:1`
    const copied = await copyImage(runtime, `docker://${name}`, `docker://${to}`, { all: true, preserveDigests })
    expect(copied.digest).toBe(digest)
    expect(await digestAt(to)).toBe(digest)
  },
)

test('a copy by way of a layout keeps a digest by sha512', async () => {
  const { name, digest } = await pushBySha512(await buildImage())
  const layout = `oci:${path.join(work.path, 'layout')}:1`
  const to = `${target.host}/copy:1`
  await copyImage(runtime, `docker://${name}`, layout)
  await copyImage(runtime, layout, `docker://${to}`)
  expect(await digestAt(to)).toBe(digest)
})

test('a push of what was pulled keeps a digest by sha512', async () => {
  const { name, digest } = await pushBySha512(await buildImage())
  await pullImage(runtime, name)
  const to = `${target.host}/copy:1`
  await tagImage(runtime, name, to)
  expect((await pushImage(runtime, to)).target.digest).toBe(digest)
  expect(await digestAt(to)).toBe(digest)
})

test('a sync of a digest by sha512 copies once', async () => {
  const { name } = await pushBySha512(await buildImage())
  const file = { images: [{ from: `docker://${name}`, to: `docker://${target.host}/copy` }] }
  const statuses: string[] = []
  for (const _ of [1, 2]) {
    for await (const { status } of syncImages(runtime, JSON.stringify(file))) statuses.push(status)
  }
  expect(statuses).toEqual(['copied', 'equal'])
})

test('a copy to a registry that names it by sha256 fails, and says so', async () => {
  const { name } = await pushBySha512(await buildImage())
  await using other = await startRegistry((handler) => async (request) => {
    const isManifest = request.method === 'PUT' && request.url.includes('/manifests/')
    return await handler(isManifest ? { ...request, url: request.url.split('?')[0] ?? '' } : request)
  })
  const copying = copyImage(runtime, `docker://${name}`, `docker://${other.host}/copy:1`)
  await expect(copying).rejects.toMatchObject({
    code: 'ERR_TRANSFER',
    side: 'sink',
    cause: { code: 'ERR_DIGEST_MISMATCH', hint: 'The registry does not name manifests by sha512.' },
  })
})
