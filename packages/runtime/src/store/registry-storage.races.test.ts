import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

import { digestOf } from '@drayage/digest'
import { DEFAULT_LEASE_MS } from '@drayage/image-store'
import { parseRepository } from '@drayage/reference'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Runtime } from '../runtime.ts'
import { tagPushed } from './tag-pushed.ts'
import { openRegistryStorage } from './registry-storage.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { removeImage } from '../images/remove-image.ts'
import { sweepStore } from '../images/sweep-store.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { STORE_KINDS, testStore } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime
  let served: HttpServer
  /** How far the clock of the store is ahead. */
  let aheadMs: number
  /** How much longer the process was awake than it was. */
  let awakeMs: number

  beforeEach(async () => {
    directory = await tempDir()
    aheadMs = 0
    awakeMs = 0
    const store = testStore(kind, directory.path, { now: () => Date.now() + aheadMs }).opener
    runtime = await openTestRuntime(directory.path, { store })
    const storage = await openRegistryStorage(runtime, { uptimeMs: () => performance.now() + awakeMs })
    served = await serve(createRegistryHandler({ storage }), { graceMs: 0 })
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    for (const each of [served, runtime, directory]) await each[Symbol.asyncDispose]()
  })

  async function ask(method: string, path: string, body?: Uint8Array, type?: string): Promise<Response> {
    const headers = type === undefined ? {} : { 'content-type': type }
    return await fetch(`${served.url}/v2/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    })
  }

  const statusOf = async (method: string, path: string, body?: Uint8Array): Promise<number> => {
    const answer = await ask(method, path, body)
    await answer.arrayBuffer()
    return answer.status
  }

  async function pushBlobs(repository: string, image: TestImage): Promise<void> {
    for (const [digest, bytes] of image.blobs) {
      if (digest === image.manifest.digest) continue
      expect(await statusOf('POST', `${repository}/blobs/uploads/?digest=${digest}`, bytes)).toBe(201)
    }
  }

  async function putTag(repository: string, tag: string, image: TestImage): Promise<number> {
    const answer = await ask('PUT', `${repository}/manifests/${tag}`, image.manifestBytes, image.manifest.mediaType)
    await answer.arrayBuffer()
    return answer.status
  }

  test('a blob is seen through a repository as long as that has it', async () => {
    const bytes = randomBytes('secret', 5000)
    const digest = digestOf(bytes)
    const seen = (repository: string): Promise<number> => statusOf('HEAD', `${repository}/blobs/${digest}`)
    await statusOf('POST', `a/blobs/uploads/?digest=${digest}`, bytes)
    expect(await statusOf('POST', `b/blobs/uploads/?mount=${digest}&from=none`)).toBe(202)
    expect([await seen('a'), await seen('b')]).toEqual([200, 404])
    expect(await statusOf('POST', `b/blobs/uploads/?digest=${digest}`, bytes)).toBe(201)
    expect(await statusOf('DELETE', `a/blobs/${digest}`)).toBe(202)
    expect([await seen('b'), await seen('a'), await statusOf('GET', `a/blobs/${digest}`)]).toEqual([200, 404, 404])
    expect(await statusOf('POST', `c/blobs/uploads/?mount=${digest}&from=a`)).toBe(202)
    expect(await seen('c')).toBe(404)
  })

  test('an upload of the store is known by its own id in its own repository alone', async () => {
    const begun = await ask('POST', 'a/blobs/uploads/')
    const location = (begun.headers.get('location') ?? '').replace('/v2/', '')
    const id = location.split('/').at(-1) ?? ''
    expect(await statusOf('PATCH', location, new Uint8Array(10))).toBe(202)
    const others = [id.toUpperCase(), `${id}0`, id.slice(1), '0'.repeat(32), '..%2f..%2fetc', '__proto__', '%00']
    for (const path of [...others.map((other) => `a/blobs/uploads/${other}`), `b/blobs/uploads/${id}`]) {
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const body = method === 'GET' ? undefined : new Uint8Array(1)
        const answer = await ask(method, `${path}?digest=${digestOf('')}&_state=x`, body)
        expect([method, path, answer.status, await answer.json()]).toEqual([
          ...[method, path, 404],
          { errors: [expect.objectContaining({ code: 'BLOB_UPLOAD_UNKNOWN' })] },
        ])
      }
    }
    expect((await ask('GET', location)).headers.get('range')).toBe('0-9')
    expect(await statusOf('PUT', `${location}?digest=${digestOf(new Uint8Array(10))}`)).toBe(201)
  })

  test('blobs whose manifest never came stay for a day and go then, and what is tagged stays', async () => {
    const [lone, image] = [randomBytes('lone', 5000), await buildImage()]
    await statusOf('POST', `app/blobs/uploads/?digest=${digestOf(lone)}`, lone)
    await pushBlobs('app', image)
    expect(await putTag('app', '1', image)).toBe(201)
    const sweepAfter = async (ms: number): Promise<readonly string[]> => {
      aheadMs = ms
      return (await sweepStore(runtime)).blobs
    }
    expect(await sweepAfter(DEFAULT_LEASE_MS - 60_000)).toEqual([])
    // The clock of the store may jump; that of the process does not.
    expect(await sweepAfter(3 * DEFAULT_LEASE_MS)).toEqual([])
    awakeMs = DEFAULT_LEASE_MS + 60_000
    expect(await statusOf('POST', `app/blobs/uploads/?digest=${digestOf('')}`, new Uint8Array(0))).toBe(201)
    expect(await sweepAfter(3 * DEFAULT_LEASE_MS)).toEqual([digestOf(lone)])
    expect(await statusOf('GET', `app/blobs/${digestOf(lone)}`)).toBe(404)
    expect(await statusOf('GET', `app/blobs/${image.config.digest}`)).toBe(200)
  })

  test('pulls of a tag that is put again and again see the old or the new image, whole', async () => {
    const images = await Promise.all([1, 2, 3].map((at) => buildImage({ config: { author: `${at}` } })))
    for (const image of images) await pushBlobs('app', image)
    const [first] = images
    if (first === undefined) throw new Error('no image')
    expect(await putTag('app', '1', first)).toBe(201)
    let isOver = false
    const put = async (image: TestImage): Promise<number[]> => {
      const statuses: number[] = []
      for (let left = 8; left > 0; left--) statuses.push(await putTag('app', '1', image))
      return statuses
    }
    const pull = async (): Promise<string[]> => {
      const seen = new Set<string>()
      for (; !isOver; await setImmediate()) {
        const answer = await ask('GET', 'app/manifests/1')
        const digest = `sha256:${createHash('sha256')
          .update(new Uint8Array(await answer.arrayBuffer()))
          .digest('hex')}`
        const parts = images.find(({ manifest }) => manifest.digest === digest)?.blobs.keys() ?? []
        const blobs = await Promise.all([...parts].slice(0, 2).map((part) => statusOf('GET', `app/blobs/${part}`)))
        seen.add(`${answer.status} ${digest} ${blobs.join(' ')}`)
      }
      return [...seen]
    }
    const pulls = [pull(), pull()]
    const statuses = await Promise.all(images.map(put)).finally(() => (isOver = true))
    expect(new Set(statuses.flat())).toEqual(new Set([201]))
    const whole = images.map(({ manifest }) => `200 ${manifest.digest} 200 200`)
    expect((await Promise.all(pulls)).flat().filter((each) => !whole.includes(each))).toEqual([])
  })

  test('a pull beside pushes, removals and sweeps sees the image or none, and never a failure', async () => {
    const image = await buildImage({ layers: [[{ path: 'a', content: randomBytes(7, 50_000) }]] })
    let isOver = false
    const change = async (): Promise<void> => {
      for (let left = 8; left > 0; left--) {
        await pushBlobs('app', image)
        expect(await putTag('app', '1', image)).toBe(201)
        await removeImage(runtime, 'app:1')
        await sweepStore(runtime)
      }
    }
    const pull = async (): Promise<number[]> => {
      const statuses = new Set<number>()
      for (; !isOver; await setImmediate()) {
        for (const path of [
          'manifests/1',
          `blobs/${image.config.digest}`,
          `blobs/${image.layers[0]?.descriptor.digest}`,
        ]) {
          statuses.add(await statusOf('GET', `app/${path}`))
        }
      }
      return [...statuses]
    }
    const pulls = [pull(), pull()]
    await change().finally(() => (isOver = true))
    expect((await Promise.all(pulls)).flat().filter((status) => ![200, 404].includes(status))).toEqual([])
  })

  test('a tag is put although another process removes its image before it has its name', async () => {
    const image = await buildImage()
    await pushBlobs('app', image)
    expect(await putTag('app', '1', image)).toBe(201)
    const store = await runtime.openStore()
    let removals = 0
    const lockImages: typeof store.lockImages = async (options) => {
      if (removals++ === 0) await removeImage(runtime, image.imageId, { force: true })
      return await store.lockImages(options)
    }
    // What removals take the repository holds no more, and its client would push again.
    const holdings: typeof store.holdings = { ...store.holdings, find: async () => image.manifest }
    await pushBlobs('other', image)
    expect(
      (await ask('PUT', `other/manifests/${image.manifest.digest}`, image.manifestBytes, image.manifest.mediaType))
        .status,
    ).toBe(201)
    const pushed = { repository: parseRepository('app'), tag: '1', digest: image.manifest.digest }
    await tagPushed(runtime, { ...store, lockImages, holdings }, pushed)
    // The first try finds that the image that it saw is gone; the second one brings it.
    expect(removals).toBe(2)
    expect((await inspectImage(runtime, 'app:1')).Id).toBe(image.imageId)
  })
})
