// What a name stands for, as the docker CLI 29 meets it on drayd: an index, of which some platforms are here.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { MEDIA_TYPES } from '@drayage/manifest'
import { buildImage, run, tempDir, type RunResult, type TempDir } from '@drayage/testkit'

import { AMD64, ARM64, buildPlatforms, client, IMAGE_IDS, V7, type Platforms } from './docker29.ts'
import { startDrayd, type Drayd } from './drayd.ts'
import { useRegistry } from './registry-fixture.ts'

describe.skipIf(client === undefined).each(IMAGE_IDS)('docker 29 on drayd that shows the ID of the %s', (imageId) => {
  const fixture = useRegistry()
  let images: Platforms
  let name: string
  let work: TempDir
  let drayd: Drayd

  beforeAll(async () => {
    images = await buildPlatforms()
    name = await fixture.push('multi', images.index)
    await fixture.push('v7', images.v7Only)
    work = await tempDir()
    drayd = await startDrayd(work.path, ['--image-id', imageId])
  })
  afterAll(async () => {
    await drayd?.stop()
    await work?.[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    await docker('image', 'prune', '-af')
  })

  const docker = (...args: string[]): Promise<RunResult> =>
    run(client ?? '', args, {
      cwd: work.path,
      env: { DOCKER_HOST: `unix://${drayd.socket}`, DOCKER_CONFIG: work.path, DOCKER_CLI_HINTS: 'false' },
    })
  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await docker(...args)
    expect([args, code, stderr]).toEqual([args, 0, ''])
    return stdout
  }
  async function pull(...platforms: string[]): Promise<void> {
    for (const platform of platforms) await ok('pull', '-q', '--platform', platform, name)
  }
  const shownId = (): string => (imageId === 'config' ? images.amd64.imageId : images.index.manifest.digest)
  const ids = async (...args: string[]): Promise<string[]> =>
    (await ok('images', '-q', '--no-trunc', ...args)).split('\n').filter((line) => line !== '')
  const inspected = async (format: string, ...args: string[]): Promise<string> =>
    (await ok('image', 'inspect', '-f', format, ...args)).trim()
  /** The platforms that are here. */
  async function here(): Promise<string[]> {
    const tree = await ok('images', '--tree')
    const rows = tree.split('\n').map((line) => /─ (?<platform>linux\S+) +\S+ +(?<size>\S+)/.exec(line)?.groups)
    return rows.flatMap((row) => (row?.['size'] === undefined || row['size'] === '0B' ? [] : [row['platform'] ?? '']))
  }

  test('a second platform joins the first under its name, and a prune takes neither', async () => {
    await pull(AMD64, ARM64)
    expect(await ids()).toEqual([shownId()])
    expect(await ids('-f', 'dangling=true')).toEqual([])
    expect(await ok('image', 'prune', '-f')).toBe('Total reclaimed space: 0B\n')
    expect(await here()).toEqual([AMD64, ARM64])
  })

  test('image rm --platform takes one platform by force alone, and every name stays', async () => {
    await pull(AMD64, ARM64)
    await ok('tag', name, 'mine:1')
    const refused = await docker('image', 'rm', '--platform', ARM64, name)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Use —-force to force delete')])
    expect(await ok('image', 'rm', '-f', '--platform', ARM64, name)).toBe(`Deleted: ${images.arm64.manifest.digest}\n`)
    expect(await here()).toEqual([AMD64])
    expect(await ids()).toEqual([shownId(), shownId()])
    await ok('save', '-o', 'rest.tar', 'mine:1')
  })

  test('what was pulled by its digest is listed by it, and a prune keeps it', async () => {
    const digest = `${name.slice(0, -':latest'.length)}@${images.index.manifest.digest}`
    await ok('pull', '-q', digest)
    expect(await ok('images')).toContain(digest)
    expect(await ok('image', 'prune', '-f')).toBe('Total reclaimed space: 0B\n')
    expect(await ids()).toEqual([shownId()])
  })

  test('save and load take several platforms', async () => {
    await pull(AMD64, ARM64, V7)
    await ok('save', '-o', 'two.tar', '--platform', AMD64, '--platform', ARM64, name)
    await ok('save', '-o', 'all.tar', name)
    await ok('rmi', '-f', name)
    await ok('load', '-q', '-i', 'two.tar')
    expect(await here()).toEqual([AMD64, ARM64])
    await ok('rmi', '-f', name)
    await ok('load', '-q', '-i', 'all.tar', '--platform', ARM64, '--platform', V7)
    expect(await here()).toEqual([ARM64, V7])
    await ok('rmi', '-f', name)
    expect((await docker('load', '-q', '-i', 'two.tar', '--platform', V7)).code).toBe(1)
    expect(await ids()).toEqual([])
  })

  test('save keeps all that is here of an index, its digest and its name, also without the platform of this machine', async () => {
    await pull(ARM64, V7)
    await ok('save', '-o', 'here.tar', name)
    await ok('rmi', '-f', name)
    expect(await ok('load', '-i', 'here.tar')).toContain(`Loaded image: ${name}\n`)
    expect(await here()).toEqual([ARM64, V7])
    expect(await inspected('{{.Architecture}} {{.Descriptor.Digest}}', name)).toBe(
      `arm64 ${images.index.manifest.digest}`,
    )
  })

  test('system df frees no more than there is, and images --tree adds up', async () => {
    await pull(AMD64, ARM64, V7)
    const usage = JSON.parse((await ok('system', 'df', '--format', '{{json .}}')).split('\n')[0] ?? '')
    expect(usage).toMatchObject({
      Type: 'Images',
      TotalCount: '1',
      Reclaimable: expect.stringMatching(/\((9\d|100)%\)$/),
    })
    const tree = (await ok('images', '--tree')).split('\n').map((line) => line.trim().split(/ {2,}/))
    const sizeOf = (row: string[] | undefined): number => Number.parseFloat(row?.[2] ?? '')
    const children = tree.filter(([image = '']) => image.includes('─'))
    expect(children).toHaveLength(3)
    const sum = children.reduce((bytes, row) => bytes + sizeOf(row), 0)
    const parent = sizeOf(tree.find(([image]) => image === name))
    expect(parent).toBeGreaterThan(Math.max(...children.map(sizeOf)))
    // The layer that the images share counts once.
    expect(parent).toBeLessThan(sum)
  })

  test('inspect says which index a name stands for, and with --platform which image of it', async () => {
    await pull(AMD64, ARM64)
    const format = '{{.ID}} {{.Architecture}} {{.Descriptor.Digest}}'
    expect(await inspected(format, name)).toBe(`${shownId()} amd64 ${images.index.manifest.digest}`)
    const { imageId: config, manifest } = images.arm64
    const id = imageId === 'config' ? config : manifest.digest
    expect(await inspected(`${format} {{.Descriptor.Platform.Architecture}}`, '--platform', ARM64, name)).toBe(
      `${id} arm64 ${manifest.digest} arm64`,
    )
  })

  test('the digests of an index, of a manifest and of a config, and their starts, find the image', async () => {
    await pull(AMD64)
    const { index, amd64 } = images
    for (const digest of [index.manifest.digest, amd64.manifest.digest, amd64.imageId]) {
      expect(await inspected('{{.Id}} {{.RepoTags}}', digest, digest.slice(7, 19))).toBe(
        `${shownId()} [${name}]\n${shownId()} [${name}]`,
      )
    }
  })

  test('a pattern matches the full name of an image on Docker Hub as its short one', async () => {
    await pull(AMD64)
    for (const tag of ['x:1', 'a/b:1']) await ok('tag', name, tag)
    for (const [pattern, count] of [
      ['docker.io/library/x', 1],
      ['docker.io/a/b', 1],
      ['a/b:*', 1],
      ['docker.io/b', 0],
    ] as const) {
      expect([pattern, await ids('-f', `reference=${pattern}`)]).toEqual([pattern, count === 1 ? [shownId()] : []])
    }
  })

  test('an artifact is kept as what it is, goes out again, and is refused as an image', async () => {
    const { config } = await buildImage()
    const mediaType = 'application/vnd.cncf.helm.config.v1+json'
    const chart = await buildImage({ manifest: { config: { ...config, mediaType } } })
    const from = await fixture.push('chart', chart)
    await ok('pull', '-q', from)
    expect(await ids()).toEqual([chart.manifest.digest])
    const to = `${fixture.registry.host}/charts/copy:latest`
    await ok('tag', from, to)
    await ok('push', '-q', to)
    const accept = MEDIA_TYPES.ociManifest
    const pushed = await fetch(`${fixture.registry.url}/v2/charts/copy/manifests/latest`, { headers: { accept } })
    expect(pushed.headers.get('docker-content-digest')).toBe(chart.manifest.digest)
    const used = await docker('history', from)
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining('expected a container image')])
  })

  test('arm/v6 is not served by an image for arm/v7', async () => {
    const from = `${fixture.registry.host}/v7:latest`
    const refused = await docker('pull', '-q', '--platform', 'linux/arm/v6', from)
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('no matching manifest for linux/arm/v6'),
    ])
    await ok('pull', '-q', '--platform', 'linux/arm/v7', from)
  })
})
