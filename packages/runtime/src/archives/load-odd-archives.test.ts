import { mkdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { digestOf } from '@drayage/digest'
import { encodeImageConfig } from '@drayage/manifest'
import { familiarReference } from '@drayage/reference'
import {
  buildImage,
  buildLayer,
  buildTar,
  runOk,
  tempDir,
  type TempDir,
  type TestFile,
  type TestImage,
} from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from '../copy/copy-images.ts'
import { imageHistory } from '../images/image-history.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { pullImage } from '../images/pull-image.ts'
import type { Runtime } from '../runtime.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'
import { loadImages } from './load-images.ts'

const DIGEST = `sha256:${'1'.repeat(64)}`

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let runtime: Runtime
  let base: TestImage
  let image: TestImage
  let file: string

  beforeEach(async () => {
    directory = await tempDir()
    registry = await startRegistry()
    runtime = await openTestRuntime(path.join(directory.path, 'store'), { kind })
    const [below, above] = [await buildLayer([{ path: 'a', content: 'a' }]), await buildLayer([{ path: 'b' }])]
    base = await buildImage({ layers: [below] })
    image = await buildImage({ layers: [below, above], config: { author: 'me' } })
    file = path.join(directory.path, 'image.tar')
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  interface Parts {
    readonly config?: Uint8Array | string
    readonly repoTags?: readonly string[] | null
    readonly layers?: readonly string[] | null
    /** Files in place of those of the layers, which are `0.tar`, `1.tar`. */
    readonly files?: readonly TestFile[]
  }

  const layerFiles = (one: TestImage): TestFile[] =>
    one.layers.map(({ tar }, at) => ({ path: `${at}.tar`, content: tar }))

  /** The files of a docker-archive of an image. */
  function filesOf(one: TestImage, { config, repoTags = ['app:1'], layers, files }: Parts = {}): TestFile[] {
    const names = layers === undefined ? one.layers.map((_, at) => `${at}.tar`) : layers
    const item = { Config: 'c.json', RepoTags: repoTags, Layers: names }
    return [
      ...(files ?? layerFiles(one)),
      { path: 'c.json', content: config ?? one.configBytes },
      { path: 'manifest.json', content: JSON.stringify([item]) },
    ]
  }

  async function loaded(files: readonly TestFile[]): Promise<readonly (readonly [string, readonly string[]])[]> {
    await writeFile(file, await buildTar(files))
    return (await loadImages(runtime, file)).map((one) => [one.image, one.names.map(familiarReference)] as const)
  }

  const hold = async (one: TestImage): Promise<void> =>
    void (await pullImage(runtime, await registry.push('base', '1', one)))

  describe('a docker-archive that leaves out layers', () => {
    test.each<[string, (one: TestImage) => Parts]>([
      ['without their files', (one) => ({ files: layerFiles(one).slice(1) })],
      ['with empty files in their place', (one) => ({ files: [{ path: '0.tar' }, ...layerFiles(one).slice(1)] })],
      ['without their names', (one) => ({ files: layerFiles(one).slice(1), layers: ['', '1.tar'] })],
    ])('%s is loaded with those of the store', async (_, parts) => {
      await hold(base)
      expect(await loaded(filesOf(image, parts(image)))).toEqual([[image.imageId, ['app:1']]])
      expect((await inspectImage(runtime, 'app:1')).RootFS.Layers).toEqual(image.layers.map(({ diffId }) => diffId))
      expect(await findFaults(await runtime.openStore())).toEqual([])
      const copy = path.join(directory.path, 'copy.tar')
      await copyImage(runtime, 'store:app:1', `docker-archive:${copy}:copy:1`)
      await using other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
      expect((await loadImages(other, copy)).map((one) => one.image)).toEqual([image.imageId])
    })

    test('all of them is loaded where the store has them all', async () => {
      await hold(image)
      const other = await buildImage({ layers: image.layers, config: { author: 'other' } })
      expect(await loaded(filesOf(other, { files: [] }))).toEqual([[other.imageId, ['app:1']]])
      expect(await findFaults(await runtime.openStore())).toEqual([])
    })

    test('is refused where the store lacks one, and leaves nothing that is seen', async () => {
      for (const files of [layerFiles(image).slice(1), [{ path: '0.tar' }, ...layerFiles(image).slice(1)]]) {
        await expect(loaded(filesOf(image, { files }))).rejects.toMatchObject({
          code: 'ERR_ARCHIVE_FORMAT',
          fault: 'missing',
          hint: expect.stringContaining('load that one first') as string,
        })
      }
      expect(await listImages(runtime)).toEqual([])
    })

    test('is refused where the store has the layer on other ones', async () => {
      await hold(await buildImage({ layers: image.layers.toReversed() }))
      await expect(loaded(filesOf(image, { files: layerFiles(image).slice(1) }))).rejects.toMatchObject({
        fault: 'missing',
      })
    })

    test('has an empty file for a layer that is empty', async () => {
      const empty = new Uint8Array(0)
      const config = encodeImageConfig({
        ...{ os: 'linux', architecture: 'amd64' },
        rootfs: { type: 'layers', diff_ids: [digestOf(empty) as unknown as TestImage['layers'][number]['diffId']] },
      })
      const [[id] = []] = await loaded(filesOf(base, { config, files: [{ path: '0.tar' }] }))
      expect(id).toBe(digestOf(config))
    })
  })

  describe('a docker-archive that was changed by hand', () => {
    test('counts as what was added to it last', async () => {
      await writeFile(file, await buildTar(filesOf(base)))
      const item = { Config: 'd.json', RepoTags: ['app:2'], Layers: ['0.tar', 'new/1.tar'] }
      await mkdir(path.join(directory.path, 'new'))
      await writeFile(path.join(directory.path, 'd.json'), image.configBytes)
      await writeFile(path.join(directory.path, 'new', '1.tar'), image.layers[1]?.tar ?? '')
      await writeFile(path.join(directory.path, 'manifest.json'), JSON.stringify([item]))
      await runOk('tar', ['-rf', file, '-C', directory.path, 'd.json', 'new', './manifest.json'])
      const found = (await loadImages(runtime, file)).map((one) => [one.image, one.names.map(familiarReference)])
      expect(found).toEqual([[image.imageId, ['app:2']]])
    })

    test.each([['--format=gnu'], ['--format=posix']])('may have sparse layers, as tar -S %s writes', async (format) => {
      const layer = await buildLayer([{ path: 'disk', content: new Uint8Array(3_000_000) }, { path: 'a' }])
      const sparse = await buildImage({ layers: [layer] })
      for (const { path: name, content = '' } of filesOf(sparse)) {
        await writeFile(path.join(directory.path, name), content)
      }
      await runOk('cp', ['--sparse=always', path.join(directory.path, '0.tar'), path.join(directory.path, 's.tar')])
      await runOk('mv', [path.join(directory.path, 's.tar'), path.join(directory.path, '0.tar')])
      await runOk('tar', ['-C', directory.path, '-Scf', file, format, '0.tar', 'c.json', 'manifest.json'])
      expect((await stat(file)).size).toBeLessThan(1_000_000)
      expect((await loadImages(runtime, file)).map((one) => one.image)).toEqual([sparse.imageId])
      expect(await findFaults(await runtime.openStore())).toEqual([])
    })

    test.each([
      ['in lower case', '[{"config":"c.json","repotags":["app:1"],"layers":["0.tar"]}]'],
      ['in upper case', '[{"CONFIG":"c.json","REPOTAGS":["app:1"],"LAYERS":["0.tar"]}]'],
      ['twice, of which the last counts', '[{"Config":"x","config":"c.json","RepoTags":["app:1"],"Layers":["0.tar"]}]'],
    ])('may have names of members %s', async (_, content) => {
      const files = filesOf(base).slice(0, -1)
      expect(await loaded([...files, { path: 'manifest.json', content }])).toEqual([[base.imageId, ['app:1']]])
    })

    test.each([
      ['app:1@DIGEST', ['app:1']],
      ['registry.example/org/app:1@DIGEST', ['registry.example/org/app:1']],
      ['app@DIGEST', []],
    ])('may have the name %s', async (name, names) => {
      const repoTags = [name.replace('DIGEST', DIGEST)]
      expect(await loaded(filesOf(base, { repoTags }))).toEqual([[base.imageId, names]])
    })

    test.each(['RepoTags', 'LayerSources', 'Parent'])('may have null for %s', async (member) => {
      const item = { Config: 'c.json', Layers: ['0.tar'], [member]: null }
      const files = filesOf(base).slice(0, -1)
      expect(await loaded([...files, { path: 'manifest.json', content: JSON.stringify([item]) }])).toEqual([
        [base.imageId, []],
      ])
    })
  })

  describe('a config with names of members in another case', () => {
    const odd = (one: TestImage): string =>
      new TextDecoder().decode(one.configBytes).replace('"os":', '"OS":').replace('"rootfs":', '"RootFS":')

    test('is that of an image of an archive, in every verb', async () => {
      const config = odd(base)
      const id = digestOf(config)
      expect(await loaded(filesOf(base, { config }))).toEqual([[id, ['app:1']]])
      expect(await inspectImage(runtime, 'app:1')).toMatchObject({ Id: id, Os: 'linux', Architecture: 'amd64' })
      expect(await listImages(runtime)).toMatchObject([{ Id: id }])
      for (const place of ['docker-archive', 'docker-oci-archive', 'oci-archive', 'oci']) {
        const target = `${place}:${path.join(directory.path, place)}`
        await copyImage(runtime, `docker-archive:${file}`, `${target}-1:app:1`)
        await copyImage(runtime, 'store:app:1', `${target}-2:app:1`)
        expect((await inspectImage(runtime, `${target}-2:app:1`)).Os).toBe('linux')
      }
    })

    test('is refused when it has a member in two cases', async () => {
      const config = new TextDecoder().decode(base.configBytes).replace('"os":', '"OS":"windows","os":')
      await expect(loaded(filesOf(base, { config }))).rejects.toMatchObject({ code: 'ERR_CONFIG_SYNTAX' })
    })

    test('is refused when it comes from a registry', async () => {
      await loaded(filesOf(base, { config: odd(base) }))
      const remote = `${registry.host}/odd:1`
      await copyImage(runtime, 'store:app:1', `docker://${remote}`)
      await expect(pullImage(await openOther(), remote)).rejects.toMatchObject({ code: 'ERR_CONFIG_SYNTAX' })
    })

    const openOther = async (): Promise<Runtime> => {
      const other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
      others.push(other)
      return other
    }
    const others: Runtime[] = []
    afterEach(async () => {
      for (const other of others.splice(0)) await other[Symbol.asyncDispose]()
    })
  })

  test.each([
    '{"os":"linux","rootfs":{},"history":[{"empty_layer":true}]}',
    '{"os":"linux","created":null,"rootfs":{},"history":[{"empty_layer":true,"created":null}]}',
  ])('an image without a time has that of Docker Engine: %s', async (config) => {
    await loaded(filesOf(base, { config, layers: [], files: [] }))
    expect((await inspectImage(runtime, 'app:1')).Created).toBe('0001-01-01T00:00:00Z')
    expect(await listImages(runtime)).toMatchObject([{ Created: -62_135_596_800 }])
    expect(await imageHistory(runtime, 'app:1')).toMatchObject([{ Created: -62_135_596_800 }])
  })

  describe('an image without layers', () => {
    const config = encodeImageConfig({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } })
    const id = digestOf(config)

    test.each<[string, Parts]>([
      ['no layers', { config, layers: [], files: [] }],
      ['null for its layers', { config, layers: null, files: [] }],
      [
        'null in its config',
        {
          config: '{"os":"linux","config":null,"rootfs":{"type":"layers","diff_ids":null},"history":null}',
          layers: null,
          files: [],
        },
      ],
    ])('is loaded from an archive that has %s', async (_, parts) => {
      expect(await loaded(filesOf(base, parts))).toEqual([[digestOf(parts.config ?? ''), ['app:1']]])
      expect((await inspectImage(runtime, 'app:1')).RootFS.Layers).toEqual([])
    })

    test.each(['docker-archive', 'docker-oci-archive', 'oci-archive'])(
      'is written to %s and read back',
      async (place) => {
        await loaded(filesOf(base, { config, layers: [], files: [] }))
        const target = `${place}:${path.join(directory.path, 'out')}`
        await copyImage(runtime, 'store:app:1', target)
        await copyImage(runtime, target, 'store:back:1')
        expect((await inspectImage(runtime, 'back:1')).Id).toBe(id)
      },
    )
  })

  describe('an unpacked archive', () => {
    const unpack = async (): Promise<string> => {
      const unpacked = path.join(directory.path, 'unpacked')
      await mkdir(unpacked)
      await runOk('tar', ['-xf', file, '-C', unpacked])
      return unpacked
    }

    test.each(['docker-archive', 'docker-oci-archive'])('of %s is loaded and copied from', async (place) => {
      await hold(image)
      await copyImage(runtime, 'store:' + (await listImages(runtime))[0]?.RepoTags[0], `${place}:${file}:app:1`)
      const unpacked = await unpack()
      await using other = await openTestRuntime(path.join(directory.path, 'other'), { kind })
      const found = (await loadImages(other, unpacked)).map((one) => [one.image, one.names.map(familiarReference)])
      expect(found).toEqual([[image.imageId, ['app:1']]])
      await copyImage(other, `docker-archive:${unpacked}:app:1`, 'store:copied:1')
      expect((await inspectImage(other, 'copied:1')).Id).toBe(image.imageId)
      expect((await inspectImage(other, `docker-archive:${unpacked}`)).Id).toBe(image.imageId)
    })

    test('of the format before manifest.json is loaded', async () => {
      const own = 'a'.repeat(64)
      await writeFile(
        file,
        await buildTar([
          { path: `${own}/json`, content: JSON.stringify({ id: own, os: 'linux' }) },
          { path: `${own}/layer.tar`, content: base.layers[0]?.tar ?? '' },
          { path: 'repositories', content: JSON.stringify({ old: { 1: own } }) },
        ]),
      )
      expect((await loadImages(runtime, await unpack())).map((one) => one.names.map(familiarReference))).toEqual([
        ['old:1'],
      ])
    })

    test('is read inside its directory alone', async () => {
      await writeFile(path.join(directory.path, 'secret.tar'), base.layers[0]?.tar ?? '')
      const link = (linkname: string): TestFile => ({ path: '0.tar', type: 'symlink', linkname })
      for (const to of ['../secret.tar', path.join(directory.path, 'secret.tar')]) {
        await writeFile(file, await buildTar(filesOf(base, { files: [link(to)] })))
        const unpacked = await unpack()
        await expect(loadImages(runtime, unpacked)).rejects.toMatchObject({ code: 'ERR_ARCHIVE_FORMAT' })
        await runOk('rm', ['-r', unpacked])
      }
    })
  })
})
