import { execFileSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { openOciArchive, openOciLayout } from '@drayage/archive'
import type { Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from './copy-images.ts'
import { copyImages } from './copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { listImages } from '../images/list-images.ts'
import { planImages } from './plan-images.ts'
import { openRemote } from '../remote/remote.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let registry: TestRegistry
  let target: TestRegistry
  let runtime: Runtime
  let images: readonly TestImage[]
  let names: readonly string[]

  /** Two images of different names and one tag, which share their first layer. */
  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(directory.path, { kind })
    const shared = [{ path: 'base', content: randomBytes(1, 100_000) }]
    images = [
      await buildImage({ layers: [shared, [{ path: 'a', content: 'a' }]] }),
      await buildImage({ layers: [shared, [{ path: 'b', content: 'b' }]] }),
    ]
    registry = await startRegistry()
    target = await startRegistry()
    const [first, second] = images
    if (first === undefined || second === undefined) throw new Error('no images')
    names = [await registry.push('team/app', '1', first), await registry.push('db', '1', second)]
    await mkdir(path.join(directory.path, 'out'))
  })
  afterEach(async () => {
    await runtime[Symbol.asyncDispose]()
    await registry[Symbol.asyncDispose]()
    await target[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const out = (file: string): string => path.join(directory.path, 'out', file)
  const digests = (): string[] => images.map(({ manifest }) => manifest.digest)
  const digestsOf = (all: readonly Descriptor[]): string[] => all.map(({ digest }) => digest)
  const sharedDigest = (): string => images[0]?.layers[0]?.descriptor.digest ?? ''
  const writes = ({ requests }: TestRegistry): string[] =>
    requests
      .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
      .map(({ method, path: url }) => `${method} ${url}`)

  describe('copyImages()', () => {
    test('fills a layout and an oci-archive, where each image has its full name', async () => {
      expect(digestsOf(await copyImages(runtime, names, `oci:${out('layout')}`))).toEqual(digests())
      expect(digestsOf(await copyImages(runtime, names, `oci-archive:${out('a.tar')}`))).toEqual(digests())
      const layout = await openOciLayout({ directory: out('layout') })
      await using archive = await openOciArchive(out('a.tar'))
      for (const source of [layout, archive]) {
        for (const [at, name] of names.entries()) {
          expect((await source.select(name)).digest).toBe(digests()[at])
          expect((await source.resolve(parseReference(name))).digest).toBe(digests()[at])
        }
      }
      const fetched = registry.blobRequests().filter((line) => line === `GET ${sharedDigest()}`)
      expect(fetched).toHaveLength(2)
      // The names come back out of it.
      await copyImages(
        runtime,
        names.map((name) => `oci-archive:${out('a.tar')}:${name}`),
        `${target.host}/back/`,
      )
      const back = openRemote(runtime, parseReference(`${target.host}/back/app`))
      expect((await back.resolve(parseReference(`${target.host}/back/app:1`))).digest).toBe(digests()[0])
    })

    test('fills a docker-archive that says all names', async () => {
      expect(digestsOf(await copyImages(runtime, names, `docker-archive:${out('a.tar')}`))).toEqual(digests())
      const listed = JSON.parse(execFileSync('tar', ['-xOf', out('a.tar'), 'manifest.json']).toString())
      expect(listed).toMatchObject(names.map((name) => ({ RepoTags: [name] })))
      const fetched = registry.requests.filter(({ path: url }) => url.endsWith(sharedDigest()))
      expect(fetched.filter(({ status }) => status === 200)).toHaveLength(1)
    })

    test('fills the store under the names of the images', async () => {
      expect(digestsOf(await copyImages(runtime, names, 'store:'))).toEqual(digests())
      expect((await listImages(runtime)).flatMap(({ RepoTags }) => RepoTags).toSorted()).toEqual([...names].toSorted())
    })

    test('fills repositories below a prefix, and mounts what an earlier image brought', async () => {
      expect(digestsOf(await copyImages(runtime, names, `docker://${target.host}/mirror/`))).toEqual(digests())
      for (const [at, path] of ['mirror/app', 'mirror/db'].entries()) {
        const reference = parseReference(`${target.host}/${path}:1`)
        expect((await openRemote(runtime, reference).resolve(reference)).digest).toBe(digests()[at])
      }
      expect(registry.blobRequests().filter((line) => line === `GET ${sharedDigest()}`)).toHaveLength(1)
      expect((await copyImage(runtime, names[1] ?? '', `${target.host}/single/`)).digest).toBe(digests()[1])
    })

    test('stops at the first failure and keeps what is there', async () => {
      const sources = [names[0] ?? '', `${registry.host}/none:1`, names[1] ?? '']
      await expect(copyImages(runtime, sources, `${target.host}/mirror/`)).rejects.toMatchObject({
        code: 'ERR_TRANSFER',
      })
      const catalog = await Array.fromAsync(runtime.registry.catalog(target.host))
      expect(catalog).toEqual(['mirror/app'])
      await expect(copyImages(runtime, sources, `oci-archive:${out('a.tar')}`)).rejects.toMatchObject({
        code: 'ERR_TRANSFER',
      })
      expect(await readdir(out(''))).toEqual([])
    })

    test('refuses places for one image, and images without the name that they need', async () => {
      const refused = { code: 'ERR_TRANSPORT' }
      const places = [
        `docker://${target.host}/app:1`,
        `oci:${out('l')}:1`,
        `oci-archive:${out('a')}:1`,
        `docker-archive:${out('a')}:a:1`,
        `dir:${out('d')}`,
        'store:app',
      ]
      for (const place of places) await expect(copyImages(runtime, names, place)).rejects.toMatchObject(refused)
      const nameless = `${registry.host}/db@${digests()[1]}`
      for (const place of [`${target.host}/mirror/`, 'store:']) {
        await expect(copyImages(runtime, [nameless], place)).rejects.toMatchObject(refused)
      }
      const twice = [names[0] ?? '', names[0] ?? '']
      await expect(planImages(runtime, twice, 'store:')).rejects.toMatchObject({
        ...refused,
        place: `store:${names[0]}`,
      })
      const other = await registry.push('other/app', '1', await buildImage())
      const same = planImages(runtime, [names[0] ?? '', other], `${target.host}/mirror/`)
      await expect(same).rejects.toMatchObject({ ...refused, place: `docker://${target.host}/mirror/app:1` })
      await expect(copyImages(runtime, names, 'docker://')).rejects.toMatchObject({ code: 'ERR_REFERENCE_SYNTAX' })
      await expect(copyImages(runtime, names, `${target.host}/Upper/`)).rejects.toMatchObject({
        code: 'ERR_REFERENCE_SYNTAX',
      })
      await expect(copyImages(runtime, [], 'store:')).rejects.toBeInstanceOf(RangeError)
      expect(writes(target)).toEqual([])
    })
  })

  describe('planImages()', () => {
    test('writes nothing, and announces what the copy then does', async () => {
      const place = `docker://${target.host}/mirror/`
      const plans = await planImages(runtime, names, place)
      expect(plans.map(({ from, to }) => [from, to])).toEqual([
        [names[0], `docker://${target.host}/mirror/app:1`],
        [names[1], `docker://${target.host}/mirror/db:1`],
      ])
      expect(plans.map(({ totals }) => [totals.copy.count, totals.mount.count])).toEqual([
        [4, 0],
        [3, 1],
      ])
      expect(plans[1]?.content.find(({ action }) => action === 'mount')).toMatchObject({
        digest: sharedDigest(),
        from: 'mirror/app',
      })
      expect(writes(target)).toEqual([])
      await copyImages(runtime, names, place)
      for (const { totals } of await planImages(runtime, names, place)) expect(totals.exists.count).toBe(4)
    })

    test.each(['oci', 'oci-archive', 'docker-archive', 'dir', 'store'])('writes nothing to %s', async (kind) => {
      const place = kind === 'store' ? 'store:x' : `${kind}:${out('x')}`
      const [name = ''] = names
      const [plan] = await planImages(runtime, [name], place)
      const isTar = kind === 'docker-archive'
      expect(plan?.totals).toMatchObject({ copy: { count: isTar ? 1 : 4 }, rewrite: { count: isTar ? 2 : 0 } })
      expect(await readdir(out(''))).toEqual([])
      expect((await readdir(directory.path)).toSorted()).toEqual(['out'])
      await copyImage(runtime, name, place)
      if (kind === 'oci' || kind === 'store') {
        expect((await planImages(runtime, [name], place))[0]?.totals.exists.count).toBe(4)
      } else if (kind !== 'dir') {
        await expect(planImages(runtime, [name], place)).rejects.toMatchObject({ code: 'ERR_ARCHIVE_EXISTS' })
      }
    })

    test('refuses an archive that is there, and takes an empty file and a device, as the copy does', async () => {
      const [name = ''] = names
      await writeFile(out('empty'), '')
      for (const file of [out('empty'), '/dev/null']) {
        for (const kind of ['docker-archive', 'oci-archive']) {
          const [plan] = await planImages(runtime, [name], `${kind}:${file}`)
          expect(plan?.root.digest).toBe(digests()[0])
        }
        await copyImage(runtime, name, `docker-archive:${file}`)
      }
      const again = planImages(runtime, [name], `docker-archive:${out('empty')}`)
      await expect(again).rejects.toMatchObject({ code: 'ERR_ARCHIVE_EXISTS' })
    })

    test('counts what several images share once', async () => {
      const [first, second] = await planImages(runtime, names, `oci:${out('x')}`)
      expect([first?.totals.copy.count, second?.totals.copy.count, second?.totals.exists.count]).toEqual([4, 3, 1])
    })

    test('refuses what the copy refuses', async () => {
      const [name = ''] = names
      await expect(planImages(runtime, names, `dir:${out('d')}`)).rejects.toMatchObject({ code: 'ERR_TRANSPORT' })
      const options = { preserveDigests: true }
      const planning = planImages(runtime, [name], `docker-archive:${out('a')}`, options)
      await expect(planning).rejects.toMatchObject({ code: 'ERR_DIGEST_CHANGE' })
      await expect(planImages(runtime, [], 'store:')).rejects.toBeInstanceOf(RangeError)
    })
  })
})
