import { digestOf } from '@drayage/digest'
import { createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, buildIndex, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { copyImage } from '../copy/copy-images.ts'
import type { Runtime } from '../runtime.ts'
import { inspectImage } from '../images/inspect-image.ts'
import { listImages } from '../images/list-images.ts'
import { pullImage } from '../images/pull-image.ts'
import { openRegistryStorage } from './registry-storage.ts'
import { removeImage } from '../images/remove-image.ts'
import { sweepStore } from '../images/sweep-store.ts'
import { tagImage } from '../images/tag-image.ts'
import { findFaults } from '../test/check-store.ts'
import { openTestRuntime } from '../test/open-test-runtime.ts'
import { startRegistry, type TestRegistry } from '../test/test-registry.ts'
import { STORE_KINDS } from '../test/test-store.ts'

describe.each(STORE_KINDS)('over a %s store', (kind) => {
  let directory: TempDir
  let runtime: Runtime
  let other: Runtime
  let served: HttpServer
  let registry: TestRegistry
  let image: TestImage

  beforeEach(async () => {
    directory = await tempDir()
    runtime = await openTestRuntime(`${directory.path}/own`, { kind })
    other = await openTestRuntime(`${directory.path}/other`, { kind })
    served = await serve(createRegistryHandler({ storage: await openRegistryStorage(runtime) }), { graceMs: 0 })
    registry = await startRegistry()
    image = await buildImage({ layers: [1, 2].map((seed) => [{ path: `f${seed}`, content: randomBytes(seed, 4000) }]) })
  })
  afterEach(async () => {
    expect(await findFaults(await runtime.openStore())).toEqual([])
    for (const each of [served, registry, runtime, other, directory]) await each[Symbol.asyncDispose]()
  })

  const ask = (method: string, path: string, body?: string | Uint8Array): Promise<Response> =>
    fetch(`${served.url}/v2/${path}`, {
      method,
      ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
    })
  const list = async (path: string): Promise<unknown> => (await ask('GET', path)).json()

  test('an image of the store can be pulled from another machine, under the path of its name', async () => {
    await pullImage(runtime, await registry.push('app', '1', image))
    await tagImage(runtime, image.imageId, 'team/app:1')
    const pulled = await pullImage(other, `${served.host}/team/app:1`)
    expect(pulled.digest).toBe(image.manifest.digest)
    expect(await list('team/app/tags/list')).toEqual({ name: 'team/app', tags: ['1'] })
    expect(await list('_catalog')).toEqual({ repositories: ['team/app'] })
    await tagImage(runtime, image.imageId, 'ghcr.io/org/app:2')
    expect((await pullImage(other, `${served.host}/ghcr.io/org/app:2`)).image).toBe(image.imageId)
  })

  test('what is pushed is an image of the store once it is tagged, with its digests', async () => {
    await pullImage(other, await registry.push('app', '1', image))
    await copyImage(other, `store:${registry.host}/app:1`, `docker://${served.host}/team/app:1`)
    expect(await inspectImage(runtime, 'team/app:1')).toMatchObject({
      Id: image.imageId,
      RepoTags: ['team/app:1'],
      RepoDigests: [`team/app@${image.manifest.digest}`],
    })
    await sweepStore(runtime)
    expect((await pullImage(await openFresh(), `${served.host}/team/app:1`)).image).toBe(image.imageId)
  })

  let fresh = 0
  async function openFresh(): Promise<Runtime> {
    return await openTestRuntime(`${directory.path}/fresh-${++fresh}`, { kind })
  }

  test('an index is kept whole, and the store has its image for this platform', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([arm, image])
    const from = await registry.push('app', '1', index)
    await copyImage(other, `docker://${from}`, `docker://${served.host}/team/app:1`, { all: true })
    expect((await inspectImage(runtime, 'team/app:1')).Id).toBe(image.imageId)
    await sweepStore(runtime)
    const armed = await pullImage(other, `${served.host}/team/app:1`, { platforms: [arm.platform] })
    expect([armed.digest, armed.image]).toEqual([index.manifest.digest, arm.imageId])
  })

  test('content that is in no repository of its own is not to be had there, nor after it was deleted', async () => {
    await pullImage(runtime, await registry.push('app', '1', image))
    await tagImage(runtime, image.imageId, 'team/app:1')
    const blob = image.layers[0]?.descriptor.digest ?? ''
    expect((await ask('HEAD', `team/app/blobs/${blob}`)).status).toBe(200)
    expect((await ask('HEAD', `team/other/blobs/${blob}`)).status).toBe(404)
    expect((await ask('POST', `team/other/blobs/uploads/?mount=${blob}&from=team/none`)).status).toBe(202)
    expect((await ask('POST', `team/other/blobs/uploads/?mount=${blob}&from=team/app`)).status).toBe(201)
    expect((await ask('HEAD', `team/other/blobs/${blob}`)).status).toBe(200)
    expect((await ask('DELETE', `team/other/blobs/${blob}`)).status).toBe(202)
    expect((await ask('HEAD', `team/other/blobs/${blob}`)).status).toBe(404)
    expect((await ask('DELETE', 'team/app/manifests/1')).status).toBe(202)
    expect((await ask('HEAD', 'team/app/manifests/1')).status).toBe(404)
    expect((await ask('HEAD', `team/app/blobs/${blob}`)).status).toBe(404)
  })

  test('what was pushed is gone from its repository once it is deleted, and what its images consist of is not deleted', async () => {
    await pullImage(other, await registry.push('app', '1', image))
    for (const tag of ['1', '2']) {
      await copyImage(other, `store:${registry.host}/app:1`, `docker://${served.host}/team/app:${tag}`)
    }
    const layer = image.layers[0]?.descriptor.digest ?? ''
    for (const part of [layer, image.config.digest]) {
      const refused = await ask('DELETE', `team/app/blobs/${part}`)
      expect([refused.status, await refused.text()]).toEqual([
        405,
        expect.stringContaining('an image with a name in the repository needs it'),
      ])
      expect((await ask('HEAD', `team/app/blobs/${part}`)).status).toBe(200)
    }
    const manifest = `team/app/manifests/${image.manifest.digest}`
    expect((await ask('DELETE', manifest)).status).toBe(202)
    for (const gone of [manifest, 'team/app/manifests/1', 'team/app/manifests/2']) {
      expect([gone, (await ask('GET', gone)).status]).toEqual([gone, 404])
    }
    expect((await ask('DELETE', manifest)).status).toBe(404)
    expect((await ask('DELETE', `team/app/blobs/${layer}`)).status).toBe(202)
    expect((await ask('HEAD', `team/app/blobs/${layer}`)).status).toBe(404)
  })

  test('the image of an index with a name is not deleted from under it', async () => {
    const arm = await buildImage({ platform: { os: 'linux', architecture: 'arm64' } })
    const index = buildIndex([arm, image])
    const from = await registry.push('app', '1', index)
    await copyImage(other, `docker://${from}`, `docker://${served.host}/team/app:1`, { all: true })
    expect((await ask('DELETE', `team/app/manifests/${image.manifest.digest}`)).status).toBe(405)
    expect((await ask('HEAD', `team/app/manifests/${image.manifest.digest}`)).status).toBe(200)
    expect((await ask('DELETE', `team/app/manifests/${index.manifest.digest}`)).status).toBe(202)
    expect((await ask('HEAD', 'team/app/manifests/1')).status).toBe(404)
    expect((await ask('DELETE', `team/app/manifests/${image.manifest.digest}`)).status).toBe(202)
    expect((await ask('HEAD', `team/app/manifests/${image.manifest.digest}`)).status).toBe(404)
  })

  test('an artifact is kept under its name, and is found by its subject', async () => {
    await pullImage(other, await registry.push('app', '1', image))
    await copyImage(other, `store:${registry.host}/app:1`, `docker://${served.host}/team/app:1`)
    const subject = image.manifest
    const signature = await buildImage({ layers: [[{ path: 's' }]], manifest: { subject, artifactType: 'a/sig' } })
    for (const [digest, bytes] of signature.blobs) {
      if (digest !== signature.manifest.digest) await ask('POST', `team/app/blobs/uploads/?digest=${digest}`, bytes)
    }
    await fetch(`${served.url}/v2/team/app/manifests/${signature.manifest.digest}`, {
      method: 'PUT',
      headers: { 'content-type': signature.manifest.mediaType },
      body: new Uint8Array(signature.manifestBytes),
    })
    expect(await list(`team/app/referrers/${subject.digest}`)).toMatchObject({
      manifests: [{ digest: signature.manifest.digest, artifactType: 'a/sig' }],
    })
  })

  test('untagged content goes after a day, and what a name reaches stays', async () => {
    const blob = randomBytes('lone', 5000)
    await ask('POST', `team/app/blobs/uploads/?digest=${digestOf(blob)}`, blob)
    await sweepStore(runtime)
    expect((await ask('HEAD', `team/app/blobs/${digestOf(blob)}`)).status).toBe(200)
    const { content, leases } = await runtime.openStore()
    expect(await content.has({ mediaType: 'x/y', digest: digestOf(blob), size: 5000 })).toBe(true)
    expect(await leases.sweep([digestOf(blob)], (digest) => content.take(digest))).toEqual([])
  })

  test('a name that is removed takes what only it reached', async () => {
    await pullImage(other, await registry.push('app', '1', image))
    await copyImage(other, `store:${registry.host}/app:1`, `docker://${served.host}/team/app:1`)
    await removeImage(runtime, 'team/app:1')
    expect(await listImages(runtime)).toEqual([])
    expect((await ask('HEAD', 'team/app/manifests/1')).status).toBe(404)
  })

  test('a path that looks like an ID is no repository', async () => {
    expect((await ask('GET', `${'0a'.repeat(32)}/tags/list`)).status).toBe(400)
    expect((await ask('POST', `${'0a'.repeat(32)}/blobs/uploads/`)).status).toBe(400)
    expect((await ask('HEAD', `${'0a'.repeat(32)}/manifests/1`)).status).toBe(400)
  })
})
