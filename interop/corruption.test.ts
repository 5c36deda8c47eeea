import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { buildImage, randomBytes, runOk } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { dray, drayOk } from './dray.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { blobRequests, requestCount } from './registry-log.ts'

const here = havePeers('docker-registry', 'skopeo')

describe.skipIf(!here)('a layer that the registry stores damaged', () => {
  const fixture = useRegistry()

  test('fails the pull and names the layer, shows nothing, and is all that a repair downloads', async () => {
    const image = await buildImage({
      layers: [1, 2, 3].map((seed) => [{ path: `data-${seed}`, content: randomBytes(seed, 3_000_000) }]),
    })
    const reference = await fixture.push('damaged', image)
    const bad = image.layers[1]?.descriptor.digest ?? ''
    const hex = bad.slice('sha256:'.length)
    const stored = fixture.path(`registry/storage/docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`)
    const bytes = await readFile(stored)
    const damaged = Buffer.from(bytes)
    damaged[1_500_000] = (damaged[1_500_000] ?? 0) ^ 1
    await writeFile(stored, damaged)

    const store = fixture.path('store')
    const refused = await dray(store, 'pull', reference)
    expect(refused.code).toBe(5)
    expect(refused.stderr).toContain(bad)
    expect(refused.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect((await drayOk(store, 'images', '-q')).trim()).toBe('')
    const visible = (await runOk('find', [path.join(store, 'blobs'), '-type', 'f', '-printf', '%f\\n'])).stdout
    expect(visible).not.toContain(hex)

    await writeFile(stored, bytes)
    const before = await requestCount(fixture.registry)
    await drayOk(store, 'pull', reference)
    const fetched = await blobRequests(fixture.registry, before)
    // What became visible is kept, and so are bytes that were all here when the pull ended; the damaged ones are not.
    const repaired = fetched.map(({ url }) => url.replace(/^.*\/blobs\//, ''))
    expect(repaired).toContain(bad)
    expect(repaired.filter((digest) => visible.includes(digest.slice('sha256:'.length)))).toEqual([])
    expect(new Set(repaired).size).toBe(repaired.length)
    expect(JSON.parse(await drayOk(store, 'inspect', reference))[0].Id).toBe(image.imageId)
  })
})
