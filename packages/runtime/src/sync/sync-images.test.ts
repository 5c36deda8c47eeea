import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createOciLayoutSink } from '@drayage/archive'
import { parseReference } from '@drayage/reference'
import { tokenAuth } from '@drayage/registry-server'
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

import { removePlatforms } from '../images/remove-platforms.ts'
import type { Runtime } from '../runtime.ts'
import { syncImages } from './sync-images.ts'
import type { SyncImagesOptions } from './sync-result.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let source: TestRegistry
  let target: TestRegistry
  let runtime: Runtime
  let image: TestImage
  let index: TestIndex

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(1, 2000) }]] })
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    index = buildIndex([image, arm])
    source = await startRegistry()
    target = await startRegistry()
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await source[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  /** Syncs and gives a sorted line for each result. */
  async function sync(images: readonly object[], options: SyncImagesOptions = {}): Promise<string[]> {
    const lines: string[] = []
    for await (const result of syncImages(runtime, JSON.stringify({ images }), options)) {
      const what = result.status === 'failed' ? String((result.error as { code?: string }).code) : result.digest
      lines.push(`${result.status} ${result.from.split('/').at(-1)} ${what}`.trim())
    }
    return lines.toSorted()
  }

  /** The requests to a registry since the last call. */
  function requests(registry: TestRegistry): string[] {
    return registry.requests
      .splice(0)
      .map(({ method, path: url }) => `${method} ${url}`)
      .toSorted()
  }

  test.each([401, 403, 404])('syncImages() copies new tags where a registry answers %i for them', async (status) => {
    const hiding = await startRegistry((handler) => async (request) => {
      const response = await handler(request)
      return response.status === 404 ? { ...response, status } : response
    })
    await source.push('app', '1', index)
    const images = [{ from: `${source.host}/app:1`, to: `${hiding.host}/new/app:1` }]
    const { digest } = index.manifest
    expect(await sync(images, { dryRun: true })).toEqual([`outdated app:1 ${digest}`])
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`])
    expect(await sync(images)).toEqual([`equal app:1 ${digest}`])
    await hiding[Symbol.asyncDispose]()
  })

  test('syncImages() copies what differs, and asks only with HEAD when nothing does', async () => {
    for (const tag of ['1', '2']) await source.push('app', tag, index)
    const images = [{ from: `${source.host}/app`, to: `${target.host}/mirror/app`, tags: ['1', '2'] }]
    const { digest } = index.manifest
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`, `copied app:2 ${digest}`])
    requests(source)
    requests(target)
    expect(await sync(images)).toEqual([`equal app:1 ${digest}`, `equal app:2 ${digest}`])
    expect(requests(source)).toEqual(['HEAD /v2/app/manifests/1', 'HEAD /v2/app/manifests/2'])
    expect(requests(target)).toEqual(['HEAD /v2/mirror/app/manifests/1', 'HEAD /v2/mirror/app/manifests/2'])
    await source.push('app', '2', image)
    expect(await sync(images)).toEqual([`copied app:2 ${image.manifest.digest}`, `equal app:1 ${digest}`])
  })

  test('syncImages() lists tags once for a filter', async () => {
    for (const tag of ['1.0.0', '1.1.0', '2.0.0', 'latest']) await source.push('app', tag, image)
    const images = [{ from: `${source.host}/app`, to: `${target.host}/app`, tags: { versions: '<2' } }]
    const { digest } = image.manifest
    expect(await sync(images)).toEqual([`copied app:1.0.0 ${digest}`, `copied app:1.1.0 ${digest}`])
    requests(source)
    expect(await sync(images)).toEqual([`equal app:1.0.0 ${digest}`, `equal app:1.1.0 ${digest}`])
    expect(requests(source)).toEqual([
      'GET /v2/app/tags/list',
      'HEAD /v2/app/manifests/1.0.0',
      'HEAD /v2/app/manifests/1.1.0',
    ])
  })

  test('syncImages() sends each piece of tags side by side once', async () => {
    const tags = Array.from({ length: 8 }, (_, number) => `1.${number}.0`)
    for (const tag of tags) await source.push('app', tag, index)
    const images = [{ from: `${source.host}/app`, to: `${target.host}/mirror/app`, tags }]
    expect(await sync(images)).toEqual(tags.map((tag) => `copied app:${tag} ${index.manifest.digest}`))
    const sent = requests(target).filter((request) => !request.startsWith('HEAD') && !request.startsWith('GET'))
    expect(sent.filter((request) => request.startsWith('POST'))).toHaveLength(index.blobs.size - 3)
    const manifests = sent.filter((request) => request.includes('/manifests/'))
    const names = [...index.images.map(({ manifest }) => manifest.digest), ...tags]
    expect(manifests).toEqual(names.map((name) => `PUT /v2/mirror/app/manifests/${name}`).toSorted())
  })

  test('syncImages() takes repositories of a registry, below the target', async () => {
    for (const repository of ['team/a', 'team/b', 'other/c']) await source.push(repository, '1', image)
    const places = { from: source.host, to: `${target.host}/mirror`, tags: ['1'] }
    const { digest } = image.manifest
    expect(await sync([{ ...places, repositories: { include: 'team/.*', exclude: '.*/b' } }])).toEqual([
      `copied a:1 ${digest}`,
    ])
    requests(source)
    requests(target)
    expect(await sync([{ ...places, repositories: 'all', tags: 'all' }])).toEqual([
      `copied b:1 ${digest}`,
      `copied c:1 ${digest}`,
      `equal a:1 ${digest}`,
    ])
    expect(requests(source).filter((request) => request.includes('_catalog'))).toHaveLength(1)
    expect(await sync([{ ...places, repositories: ['team/a', 'team/none'] }])).toEqual([
      `equal a:1 ${digest}`,
      'failed none:1 ERR_NAME_NOT_FOUND',
    ])
    expect(requests(source).filter((request) => request.startsWith('GET /v2/_catalog'))).toEqual([])
    expect(requests(target)).toContain('HEAD /v2/mirror/team/a/manifests/1')
  })

  test('syncImages() takes referrers along, also those that come after the image', async () => {
    await source.push('app', '1', image)
    const images = [{ from: `${source.host}/app:1`, to: `${target.host}/app:1`, referrers: 'application/x-sig' }]
    const { digest } = image.manifest
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`])
    expect(await sync(images)).toEqual([`equal app:1 ${digest}`])
    const signature = await buildImage({
      layers: [[{ path: 'signature' }]],
      manifest: { subject: image.manifest, artifactType: 'application/x-sig' },
    })
    await source.push('app', 'any', signature)
    expect(await sync(images, { dryRun: true })).toEqual([`outdated app:1 ${digest}`])
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`])
    expect(await sync(images)).toEqual([`equal app:1 ${digest}`])
    const remote = runtime.registry.repository(`${target.host}/app`)
    const kept: string[] = []
    for await (const referrer of remote.referrers(digest)) kept.push(referrer.digest)
    expect(kept).toEqual([signature.manifest.digest])
  })

  test('syncImages() goes on after failures', async () => {
    await source.push('app', '1', image)
    const images = [
      { from: `${source.host}/app`, to: `${target.host}/app`, tags: ['0', '1'] },
      { from: `${source.host}/none`, to: `${target.host}/none`, tags: 'all' },
      { from: `${source.host}/app:1`, to: `${target.host}/app:1` },
      { from: `${source.host}/app:2`, to: `${target.host}/app:1` },
    ]
    expect(await sync(images)).toEqual([
      `copied app:1 ${image.manifest.digest}`,
      'failed app:0 ERR_NAME_NOT_FOUND',
      'failed app:2 ERR_SYNC_FILE',
      'failed none ERR_REGISTRY_NOT_FOUND',
    ])
  })

  test('syncImages() knows a place by all ways to write it', async () => {
    await source.push('app', '1', image)
    await source.push('app', '2', index)
    const from = `${source.host}/app`
    const images = [
      { from: `${from}:1`, to: `${target.host}/app:1` },
      { from: `docker://${from}:1`, to: `docker://${target.host}/app:1` },
      { from: `${from}:2`, to: `docker://${target.host}/app:1` },
      { from: `${from}:1`, to: `oci:${directory.path}/layout:1` },
      { from: `${from}:2`, to: `oci:${directory.path}/./layout/:1` },
      { from: `${from}:1`, to: 'store:app:1' },
      { from: `${from}:2`, to: 'store:docker.io/library/app:1' },
    ]
    const { digest } = image.manifest
    const failed = 'failed app:2 ERR_SYNC_FILE'
    const copied = `copied app:1 ${digest}`
    expect(await sync(images)).toEqual([copied, copied, copied, failed, failed, failed])
  })

  test('syncImages() copies nothing in a dry run', async () => {
    await source.push('app', '1', image)
    const images = [{ from: `${source.host}/app:1`, to: `${target.host}/app` }]
    expect(await sync(images, { dryRun: true })).toEqual([`outdated app:1 ${image.manifest.digest}`])
    expect(requests(target).filter((request) => !/^(HEAD|GET) /.test(request))).toEqual([])
  })

  test('syncImages() keeps one platform, and with a state does not fetch the index to compare', async () => {
    await source.push('app', '1', index)
    const stateFile = path.join(directory.path, 'state.json')
    const images = [{ from: `${source.host}/app:1`, to: `${target.host}/app`, platforms: ['linux/amd64'] }]
    const { digest } = image.manifest
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`])
    requests(source)
    expect(await sync(images, { stateFile })).toEqual([`equal app:1 ${digest}`])
    expect(requests(source)).toContain(`GET /v2/app/manifests/${index.manifest.digest}`)
    expect(await sync(images, { stateFile })).toEqual([`equal app:1 ${digest}`])
    expect(requests(source)).toEqual(['HEAD /v2/app/manifests/1'])
    // A state of another index or another platform is not believed.
    const other = buildIndex([image])
    await source.push('app', '1', other)
    expect(await sync(images, { stateFile })).toEqual([`equal app:1 ${digest}`])
    expect(requests(source)).toContain(`GET /v2/app/manifests/${other.manifest.digest}`)
    expect(JSON.parse(await readFile(stateFile, 'utf8'))).toEqual({
      version: 1,
      images: {
        [`${target.host}/app:1`]: { source: other.manifest.digest, choice: 'linux/amd64', target: digest },
      },
    })
  })

  test('syncImages() keeps several platforms in a new index, or in the same', async () => {
    const third = await buildImage({ platform: { os: 'linux', architecture: 's390x' } })
    await source.push('app', '1', buildIndex([image, third]))
    const places = { from: `${source.host}/app:1`, platforms: ['linux/amd64', 'linux/s390x'] }
    const images = [
      { ...places, to: `${target.host}/rewritten` },
      { ...places, to: `${target.host}/sparse`, index: 'sparse' },
    ]
    const stateFile = path.join(directory.path, 'state.json')
    const outdated = await sync(images, { dryRun: true })
    const copied = await sync(images, { stateFile })
    expect(copied).toEqual(outdated.map((line) => line.replace('outdated', 'copied')))
    requests(source)
    expect(await sync(images, { stateFile })).toEqual(copied.map((line) => line.replace('copied', 'equal')))
    expect(requests(source)).toEqual(['HEAD /v2/app/manifests/1', 'HEAD /v2/app/manifests/1'])
  })

  test('syncImages() refuses a state that is something else', async () => {
    const stateFile = path.join(directory.path, 'state.json')
    await writeFile(stateFile, '{}')
    const images = [{ from: `${source.host}/app:1`, to: `${target.host}/app` }]
    await expect(sync(images, { stateFile })).rejects.toMatchObject({ code: 'ERR_SYNC_FILE' })
    expect(await readFile(stateFile, 'utf8')).toBe('{}')
  })

  test('syncImages() goes to a layout, from it, and to the store', async () => {
    for (const tag of ['1', '2']) await source.push('app', tag, index)
    const layout = path.join(directory.path, 'layout')
    const { digest } = index.manifest
    const images = [
      { from: `${source.host}/app`, to: `oci:${layout}`, tags: 'all' },
      { from: `docker://${source.host}/app:1`, to: 'store:kept/app:1' },
    ]
    expect(await sync(images)).toEqual([`copied app:1 ${digest}`, `copied app:1 ${digest}`, `copied app:2 ${digest}`])
    expect(await createOciLayoutSink({ directory: layout }).resolve(parseReference('x:2'))).toMatchObject({ digest })
    expect(await sync(images)).toEqual([`equal app:1 ${digest}`, `equal app:1 ${digest}`, `equal app:2 ${digest}`])
    const back = [{ from: `oci:${layout}`, to: `${target.host}/back`, tags: { exclude: ['1'] } }]
    expect(await sync(back)).toEqual([`copied layout:2 ${digest}`])
  })

  test('syncImages() keeps the index in the store, with the platforms that are asked for', async () => {
    await source.push('app', '1', index)
    const places = { from: `${source.host}/app:1`, to: 'store:kept:1' }
    const both = { ...places, platforms: ['linux/arm64', 'linux/amd64'] }
    const [copied, equal] = ['copied', 'equal'].map((status) => [`${status} app:1 ${index.manifest.digest}`])
    const held = async (): Promise<readonly string[]> => {
      const { images } = await runtime.openStore()
      const [stored] = (await images.find('kept:1')).images
      return stored.platforms.map(({ platform }) => platform.architecture).toSorted()
    }
    expect([await sync([places]), await held()]).toEqual([copied, ['amd64']])
    expect(await sync([places])).toEqual(equal)
    expect(await sync([both], { dryRun: true })).toEqual([`outdated app:1 ${index.manifest.digest}`])
    expect([await sync([both]), await held()]).toEqual([copied, ['amd64', 'arm64']])
    requests(source)
    expect([await sync([both]), await sync([places])]).toEqual([equal, equal])
    expect(requests(source)).toEqual(['HEAD /v2/app/manifests/1', 'HEAD /v2/app/manifests/1'])
    await removePlatforms(runtime, 'kept:1', [{ os: 'linux', architecture: 'arm64' }], { force: true })
    expect([await sync([both]), await held()]).toEqual([copied, ['amd64', 'arm64']])
    // All that the store has goes on from there.
    const onward = await sync([{ from: 'store:kept:1', to: `${target.host}/app` }])
    expect(onward).toEqual([`copied store:kept:1 ${index.manifest.digest}`])
  })

  const places = { from: 'registry.test/app', to: 'registry.test/mirror' }
  test.each<[object, string]>([
    [
      { ...places, repositories: 'all', tags: 'all' },
      'Cannot sync "images[0].from": found "registry.test/app", expected a registry',
    ],
    [
      { from: 'registry.test', to: 'a', repositories: 'all' },
      'Cannot sync "images[0].tags": found nothing, expected "all"',
    ],
    [
      { from: 'registry.test', to: 'store:a', repositories: ['a'], tags: 'all' },
      'Cannot sync "images[0].to": found "store:a", expected a registry',
    ],
    [
      { from: 'registry.test', to: 'dir:x', repositories: ['a'], tags: 'all' },
      'Cannot sync "images[0].to": found "dir:x/repository"',
    ],
    [places, 'Cannot sync "images[0].from": found "registry.test/app", expected a tag or a digest, or tags beside it'],
    [
      { ...places, from: 'registry.test/app:1', tags: 'all' },
      'Cannot sync "images[0].from": found "registry.test/app:1", expected no tag',
    ],
    [
      { ...places, to: 'registry.test/app:1', tags: 'all' },
      'Cannot sync "images[0].to": found "registry.test/app:1", expected no tag',
    ],
    [
      { ...places, from: 'docker-archive:x', tags: 'all' },
      'Cannot sync "images[0].from": found "docker-archive:x", expected a place that lists its tags',
    ],
    [{ ...places, from: 'a//x' }, 'Cannot sync "images[0].from": found "a//x" ('],
    [
      { ...places, to: 'oci-archive:x', tags: 'all' },
      'Cannot sync "images[0].to": found "oci-archive:x", expected a place that takes one image after another, such as a registry, oci: or store:',
    ],
    [{ from: 'dir:x', to: 'registry.test/x' }, 'Cannot sync "images[0].to": found "registry.test/x", expected a tag'],
    [
      { ...places, to: `registry.test/x@sha256:${'0'.repeat(64)}`, from: 'a:1' },
      'Cannot sync "images[0].to": found "registry.test/x@',
    ],
  ])('syncImages() refuses %j', async (entry, message) => {
    await expect(sync([entry])).rejects.toThrow(message)
    await expect(sync([entry])).rejects.toMatchObject({ code: 'ERR_SYNC_FILE' })
  })

  test('syncImages() gets one token for each repository, not one for each tag', async () => {
    await using guarded = await startRegistry(tokenAuth({ users: new Map(), allow: async () => true }))
    for (const tag of ['1', '2', '3', '4', '5', '6', '7', '8']) await guarded.push('app', tag, image)
    const tags = ['1', '2', '3', '4', '5', '6', '7', '8']
    const images = [{ from: `${guarded.host}/app`, to: `${target.host}/app`, tags }]
    await sync(images)
    requests(guarded)
    await runtime[Symbol.asyncDispose]()
    runtime = await openTestRuntime(directory.path, { kind })
    expect(await sync(images)).toHaveLength(8)
    const asked = requests(guarded)
    expect(asked.filter((request) => request.includes('/token'))).toHaveLength(1)
    // Four at a time begin without the token.
    expect(asked.filter((request) => request.startsWith('HEAD'))).toHaveLength(8 + 4)
  })

  test('syncImages() stops with the reason of its signal', async () => {
    await source.push('app', '1', image)
    const stop = new AbortController()
    const reason = new Error('stopped')
    stop.abort(reason)
    const images = [{ from: `${source.host}/app:1`, to: `${target.host}/app` }]
    await expect(sync(images, { signal: stop.signal })).rejects.toBe(reason)
  })
})
