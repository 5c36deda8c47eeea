import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, buildLayer, buildTar, runOk, type TestFile, type TestImage } from '@drayage/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { drayOk } from './dray.ts'
import { startEnginePair, type Engine, type EnginePair } from './engine-pair.ts'
import { havePeers } from './peer.ts'

describe.skipIf(!havePeers('dockerd', 'docker', 'skopeo'))('archives that dockerd 20.10 and drayd load alike', () => {
  let pair: EnginePair
  let base: TestImage
  let image: TestImage

  beforeAll(async () => {
    pair = await startEnginePair()
    const [below, above] = [await buildLayer([{ path: 'a', content: 'a' }]), await buildLayer([{ path: 'b' }])]
    base = await buildImage({ layers: [below] })
    image = await buildImage({ layers: [below, above], config: { author: 'me' } })
  })
  afterAll(async () => {
    await pair[Symbol.asyncDispose]()
  })

  interface Odd {
    readonly name: string
    readonly config?: string
    readonly item?: object
    readonly layers?: readonly TestFile[]
    readonly more?: readonly TestFile[]
  }

  async function put({ name, config, item, layers, more = [] }: Odd, one: TestImage): Promise<string> {
    const own = one.layers.map(({ tar }, at): TestFile => ({ path: `${at}.tar`, content: tar }))
    const manifest = { Config: 'c.json', RepoTags: [`${name}:1`], Layers: own.map((file) => file.path) }
    const file = path.join(pair.directory, `${name}.tar`)
    const content = JSON.stringify([item ?? manifest])
    const files = [...(layers ?? own), { path: 'c.json', content: config ?? one.configBytes }]
    await writeFile(file, await buildTar([...files, { path: 'manifest.json', content }, ...more]))
    return file
  }

  async function loadBoth(file: string): Promise<void> {
    const outputs = []
    for (const engine of [pair.docker, pair.drayage]) outputs.push(await engine.docker('docker', ['load', '-i', file]))
    const [docker, drayage] = outputs
    expect(docker?.code).toBe(0)
    expect(drayage).toEqual(docker)
  }

  const shown = async (engine: Engine, name: string): Promise<readonly string[]> => {
    const inspected = await engine.docker('docker', ['inspect', '-f', '{{.Id}} {{.Created}}', name])
    const listed = await engine.docker('docker', ['images', '--format', '{{.ID}} {{.CreatedSince}}', name])
    const history = await engine.docker('docker', ['history', '--format', '{{.CreatedSince}}', name])
    return [inspected.stdout, listed.stdout, history.stdout]
  }

  const config = (more: object = {}): string =>
    JSON.stringify({
      ...{ os: 'linux', architecture: 'amd64', config: {} },
      rootfs: { type: 'layers', diff_ids: base.layers.map(({ diffId }) => diffId) },
      history: [{ created_by: 'x' }],
      ...more,
    })

  test('whatever their times, names of members and layers are', async () => {
    const odd: Odd[] = [
      { name: 'missing', config: config() },
      { name: 'year-one', config: config({ created: '0001-01-01T00:00:00Z' }) },
      { name: 'epoch', config: config({ created: '1970-01-01T00:00:00Z' }) },
      { name: 'before', config: config({ created: '1960-01-01T00:00:00Z' }) },
      { name: 'future', config: config({ created: '2999-01-01T00:00:00Z' }) },
      { name: 'null', config: config({ created: null, config: null, history: null }) },
      { name: 'case', config: config().replace('"os"', '"OS"').replace('"rootfs"', '"RootFS"') },
      { name: 'lower', item: { config: 'c.json', repotags: ['lower:1'], layers: ['0.tar'] } },
      {
        name: 'empty',
        config: config({ rootfs: { type: 'layers', diff_ids: null }, history: null }),
        item: { Config: 'c.json', RepoTags: ['empty:1'], Layers: null },
        layers: [],
      },
      {
        name: 'twice',
        item: { Config: 'none', RepoTags: ['wrong:1'], Layers: [] },
        more: [
          {
            path: 'manifest.json',
            content: JSON.stringify([{ Config: 'c.json', RepoTags: ['twice:1'], Layers: ['0.tar'] }]),
          },
        ],
      },
    ]
    for (const each of odd) {
      await loadBoth(await put(each, base))
      expect([each.name, await shown(pair.drayage, `${each.name}:1`)]).toEqual([
        each.name,
        await shown(pair.docker, `${each.name}:1`),
      ])
    }
  })

  test('when they leave out layers that were loaded before', async () => {
    await loadBoth(await put({ name: 'base' }, base))
    const last = { path: '1.tar', content: image.layers[1]?.tar ?? '' }
    await loadBoth(await put({ name: 'left-out', layers: [last] }, image))
    await loadBoth(await put({ name: 'blank', layers: [{ path: '0.tar' }, last] }, image))
    for (const name of ['left-out:1', 'blank:1']) {
      expect(await shown(pair.drayage, name)).toEqual(await shown(pair.docker, name))
    }
  })

  test.each(['gzip', 'bzip2', 'xz', 'zstd'])('when they and their layers are compressed by %s', async (program) => {
    const [tar] = base.layers.map((layer) => layer.tar)
    const file = path.join(pair.directory, `${program}-layer`)
    await writeFile(file, tar ?? '')
    await runOk(program, ['-f', '-k', file])
    const suffix = { gzip: 'gz', bzip2: 'bz2', xz: 'xz', zstd: 'zst' }[program]
    const layers = [{ path: '0.tar', content: await readFile(`${file}.${suffix}`) }]
    // dockerd 20.10 knows nothing of zstd.
    const archive = await put({ name: program, layers: program === 'zstd' ? layersOf(base) : layers }, base)
    if (program !== 'zstd') await loadBoth(archive)
    await runOk(program, ['-f', '-k', archive])
    if (program !== 'zstd') await loadBoth(`${archive}.${suffix}`)
    else expect((await pair.drayage.docker('docker', ['load', '-i', `${archive}.${suffix}`])).code).toBe(0)
  })

  const layersOf = (one: TestImage): TestFile[] =>
    one.layers.map(({ tar }, at) => ({ path: `${at}.tar`, content: tar }))

  test('of images without layers that dray wrote, which skopeo reads too', async () => {
    const empty = await put(
      {
        ...{ name: 'none', layers: [], config: config({ rootfs: { type: 'layers', diff_ids: [] }, history: [] }) },
        item: { Config: 'c.json', RepoTags: ['none:1'], Layers: [] },
      },
      base,
    )
    const store = path.join(pair.directory, 'store')
    const file = path.join(pair.directory, 'written.tar')
    await drayOk(store, 'load', '-q', '-i', empty)
    await drayOk(store, 'save', '--as', 'docker-archive', '-o', file, 'none:1')
    await loadBoth(file)
    const { stdout: read } = await runOk('skopeo', ['inspect', '--config', '--raw', `docker-archive:${file}`])
    expect(JSON.parse(read)).toMatchObject({ os: 'linux' })
  })

  test('of dray, with the directories of docker save', async () => {
    const file = await put({ name: 'saved' }, image)
    await loadBoth(file)
    const store = path.join(pair.directory, 'store')
    await drayOk(store, 'load', '-q', '-i', file)
    const ours = path.join(pair.directory, 'ours.tar')
    const theirs = path.join(pair.directory, 'theirs.tar')
    await drayOk(store, 'save', '--as', 'docker-archive', '-o', ours, 'saved:1')
    expect((await pair.docker.docker('docker', ['save', '-o', theirs, 'saved:1'])).code).toBe(0)
    const legacy = async (tar: string): Promise<readonly string[]> => {
      const names = (await runOk('tar', ['-tf', tar])).stdout.split('\n').filter((name) => name.endsWith('/json'))
      const texts = []
      for (const name of names.toSorted()) texts.push(`${name} ${(await runOk('tar', ['-xOf', tar, name])).stdout}`)
      return texts
    }
    expect(await legacy(ours)).toEqual(await legacy(theirs))
    expect(await legacy(ours)).toHaveLength(image.layers.length)
  })
})
