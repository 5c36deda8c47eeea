import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { openDockerArchive, openOciArchive, openOciLayout } from '@drayage/archive'
import { digestOf } from '@drayage/digest'
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
import { inspectImage } from '../images/inspect-image.ts'
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
  let name: string

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    image = await buildImage({
      layers: [[{ path: 'a', content: randomBytes(1, 100_000) }], [{ path: 'b', content: 'b' }]],
    })
    index = buildIndex([image, await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })])
    registry = await startRegistry()
    name = await registry.push('app', '1', index)
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (file: string): string => path.join(directory.path, 'out', file)

  type Kind = 'registry' | 'store' | 'oci' | 'oci-archive' | 'dir' | 'docker-archive'
  const KINDS: readonly Kind[] = ['registry', 'store', 'oci', 'oci-archive', 'dir', 'docker-archive']

  /** A place of each kind that is free. */
  function placeOf(kind: Kind, label: string): string {
    switch (kind) {
      case 'registry':
        return `docker://${registry.host}/${label}:1`
      case 'store':
        return `store:${label}:1`
      case 'dir':
        return `dir:${out(`${label}-dir`)}`
      case 'docker-archive':
        return `docker-archive:${out(`${label}.docker.tar`)}:${label}:1`
      case 'oci':
        return `oci:${out(`${label}-oci`)}:1`
      case 'oci-archive':
        return `oci-archive:${out(`${label}.oci.tar`)}:1`
    }
  }

  /** The digest of the manifest at a place, and the image's ID: what a copy out of it is. */
  async function readBack(place: string): Promise<{ manifest: string; id: string }> {
    const label = digestOf(place).slice(7, 19)
    const { digest } = await copyImage(runtime, place, `oci:${out(`back-${label}`)}:1`)
    const layout = await openOciLayout({ directory: out(`back-${label}`) })
    await using reader = await openTestRuntime(path.join(directory.path, label), { kind })
    await copyImage(reader, `oci:${out(`back-${label}`)}`, 'store:back')
    expect((await layout.select()).digest).toBe(digest)
    return { manifest: digest, id: (await inspectImage(reader, 'back')).Id }
  }

  test.each(KINDS)('copyImage() copies from %s to every place, with the same digests', async (kind) => {
    const source = kind === 'registry' ? name : placeOf(kind, 'source')
    if (kind !== 'registry') await copyImage(runtime, name, source)
    const isMade = kind === 'docker-archive'
    const made = isMade ? (await copyImage(runtime, source, `dir:${out('made')}`)).digest : image.manifest.digest
    expect(made === image.manifest.digest).toBe(!isMade)
    for (const to of KINDS) {
      const target = placeOf(to, 'target')
      // A store keeps the index that a registry, or it itself, has for the image.
      const kept = to === 'store' && (kind === 'registry' || kind === 'store') ? index.manifest.digest : made
      expect([to, (await copyImage(runtime, source, target)).digest]).toEqual([to, kept])
      const back = await readBack(target)
      expect([to, back.id]).toEqual([to, image.imageId])
      if (to !== 'docker-archive') expect([to, back.manifest]).toEqual([to, made])
    }
  })

  const INDEX_KINDS = ['oci', 'oci-archive', 'dir', 'registry', 'store'] as const

  test.each(INDEX_KINDS)('copyImage() copies whole indexes to %s', async (kind) => {
    const first = placeOf(kind, 'first')
    expect((await copyImage(runtime, name, first, { all: true })).digest).toBe(index.manifest.digest)
    for (const to of INDEX_KINDS) {
      const target = placeOf(to, `from-${kind}`)
      expect((await copyImage(runtime, first, target, { all: true })).digest).toBe(index.manifest.digest)
      const back = `docker://${registry.host}/back-${kind}-${to}:1`
      await copyImage(runtime, target, back, { all: true })
      const repository = openRemote(runtime, parseReference(back.slice('docker://'.length)))
      for (const each of index.images) expect(await repository.has(each.manifest)).toBe(true)
    }
    expect((await copyImage(runtime, first, `dir:${out('one')}`)).digest).toBe(image.manifest.digest)
  })

  test('copyImage() keeps names as far as places can hold them', async () => {
    await copyImage(runtime, name, `docker-archive:${out('a.tar')}`)
    await copyImage(runtime, `docker-archive:${out('a.tar')}`, `oci-archive:${out('b.tar')}`)
    await using archive = await openOciArchive(out('b.tar'))
    expect((await archive.select('1')).digest).toBe((await archive.select()).digest)
    // A tag alone does not tell the repository.
    await copyImage(runtime, `oci-archive:${out('b.tar')}`, `docker-archive:${out('c.tar')}`)
    await using nameless = await openDockerArchive(out('c.tar'))
    expect(nameless.images).toMatchObject([{ repoTags: [] }])
    await copyImage(runtime, `oci-archive:${out('b.tar')}`, `oci:${out('full')}:team/app:2`)
    await copyImage(runtime, `oci:${out('full')}`, `docker-archive:${out('d.tar')}`)
    await using named = await openDockerArchive(out('d.tar'))
    expect(named.images).toMatchObject([{ repoTags: ['team/app:2'] }])
  })

  test('copyImage() to the store keeps the manifest that an image there has', async () => {
    await copyImage(runtime, name, 'store:here')
    await copyImage(runtime, name, `docker-archive:${out('a.tar')}`)
    expect((await copyImage(runtime, `docker-archive:${out('a.tar')}`, 'store:again')).digest).toBe(
      image.manifest.digest,
    )
    expect((await inspectImage(runtime, 'again')).Id).toBe(image.imageId)
  })

  test('copyImage() refuses sources that are not there, or not one image, and directories with something else', async () => {
    await copyImage(runtime, name, `oci:${out('two')}:a`)
    await copyImage(runtime, name, `oci:${out('two')}:b`)
    const selection = { code: 'ERR_ARCHIVE_SELECTION' }
    await expect(copyImage(runtime, `oci:${out('two')}`, `dir:${out('x')}`)).rejects.toMatchObject(selection)
    await expect(copyImage(runtime, `oci:${out('two')}:c`, `dir:${out('x')}`)).rejects.toMatchObject(selection)
    await copyImage(runtime, name, `docker-archive:${out('a.tar')}`)
    await expect(copyImage(runtime, `docker-archive:${out('a.tar')}:odd`, `dir:${out('x')}`)).rejects.toMatchObject(
      selection,
    )
    await expect(copyImage(runtime, `oci-archive:${out('a.tar')}`, `dir:${out('x')}`)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_FORMAT',
    })
    await expect(copyImage(runtime, `oci:${out('none')}`, `dir:${out('x')}`)).rejects.toMatchObject({
      code: 'ERR_LAYOUT',
    })
    const odd = { code: 'ERR_DIR_IMAGE' }
    await expect(copyImage(runtime, `dir:${out('none')}`, `dir:${out('x')}`)).rejects.toMatchObject(odd)
    await writeFile(out('file'), 'something')
    await expect(copyImage(runtime, name, `dir:${path.dirname(out('file'))}`)).rejects.toMatchObject(odd)
    await copyImage(runtime, name, `dir:${out('x')}`)
    await expect(copyImage(runtime, name, `dir:${out('x')}`)).rejects.toMatchObject(odd)
  })
})
