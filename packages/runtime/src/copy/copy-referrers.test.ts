import path from 'node:path'

import { openOciArchive } from '@drayage/archive'
import { referrersTag } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, buildIndex, tempDir, type TempDir, type TestImage, type TestIndex } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { loadImages } from '../archives/load-images.ts'
import { openRemote } from '../remote/remote.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let image: TestImage
  let index: TestIndex
  let bill: TestImage
  let signature: TestImage
  let name: string
  let cosignTag: string

  /** A registry with an index, a bill of material of one image, and a signature of it under cosign's tag. */
  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    image = await buildImage()
    index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
    bill = await buildImage({ config: { author: 'b' }, manifest: { subject: image.manifest, artifactType: 'bill' } })
    signature = await buildImage({ config: { author: 's' } })
    cosignTag = `${referrersTag(index.manifest.digest)}.sig`
    registry = await startRegistry()
    name = await registry.push('app', '1', index)
    await registry.push('app', 'none', bill)
    await registry.push('app', cosignTag, signature)
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (file: string): string => path.join(directory.path, file)

  test('copyImage() takes referrers and cosign tags from registry over layout and archive to registry', async () => {
    const options = { all: true, referrers: {} }
    const places = [`oci:${out('layout')}:x`, `oci-archive:${out('a.tar')}:x`, `docker://${registry.host}/back:1`]
    let from = name
    for (const place of places) {
      expect((await copyImage(runtime, from, place, options)).digest).toBe(index.manifest.digest)
      from = place
    }
    const reference = parseReference(`${registry.host}/back:1`)
    const back = openRemote(runtime, reference)
    const referrers = await Array.fromAsync(back.referrers(image.manifest.digest))
    expect(referrers).toMatchObject([{ digest: bill.manifest.digest, artifactType: 'bill' }])
    for (const { descriptor } of bill.layers) expect(await back.has(descriptor)).toBe(true)
    const signed = await back.resolve({ domain: reference.domain, path: reference.path, tag: cosignTag })
    expect(signed.digest).toBe(signature.manifest.digest)
    await using archive = await openOciArchive(out('a.tar'))
    expect((await archive.select()).digest).toBe(index.manifest.digest)
    expect(await archive.entries()).toHaveLength(3)
  })

  test('loadImages() loads the images of an archive and not what refers to them', async () => {
    await copyImage(runtime, name, `oci-archive:${out('a.tar')}:app:1`, { all: true, referrers: {} })
    expect(await loadImages(runtime, out('a.tar'))).toMatchObject([{ image: image.imageId }])
    expect((await inspectImage(runtime, 'app:1')).Id).toBe(image.imageId)
  })

  test('copyImage() takes referrers by type', async () => {
    const target = `docker://${registry.host}/typed:1`
    await copyImage(runtime, name, target, { referrers: { artifactTypes: ['other'] } })
    const typed = openRemote(runtime, parseReference(`${registry.host}/typed`))
    expect(await Array.fromAsync(typed.referrers(image.manifest.digest))).toEqual([])
    await copyImage(runtime, name, target, { referrers: { artifactTypes: ['bill', 'other'] } })
    expect(await Array.fromAsync(typed.referrers(image.manifest.digest))).toHaveLength(1)
    expect(await Array.fromAsync(typed.tags())).toEqual(['1'])
  })

  test('copyImage() refuses to copy referrers to and from places that know of none', async () => {
    const options = { referrers: {} }
    for (const to of ['store:x', `dir:${out('d')}`, `docker-archive:${out('d.tar')}`]) {
      await expect(copyImage(runtime, name, to, options)).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
    }
    await copyImage(runtime, name, 'store:x')
    await copyImage(runtime, name, `dir:${out('d')}`)
    for (const from of ['store:x', `dir:${out('d')}`]) {
      const copying = copyImage(runtime, from, `oci:${out('l')}`, options)
      await expect(copying).rejects.toMatchObject({ code: 'ERR_REFERRERS', side: 'source' })
    }
  })
})
