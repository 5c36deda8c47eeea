import { digestOf, parseDigest } from '@drayage/digest'
import { buildImage, buildIndex, type TestImage } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import type { RegistryLimits } from '../handler/exchange.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import type { RegistryStorage } from '../storage/storage.ts'
import { codeOf, createTestClient, type TestClient } from '../test/client.ts'

function start(limits: Partial<RegistryLimits> = {}): TestClient & { storage: RegistryStorage } {
  const storage = createMemoryStorage()
  return { ...createTestClient(createRegistryHandler({ storage, limits })), storage }
}

/** Follows `Link` headers and gives the pages. */
async function pages(client: TestClient, first: string, field: string): Promise<unknown[]> {
  const found: unknown[] = []
  for (let path: string | undefined = first; path !== undefined;) {
    const reply = await client.send('GET', path)
    expect(reply.status).toBe(200)
    found.push(JSON.parse(reply.text)[field])
    path = /^<([^>]*)>; rel="next"$/.exec(reply.headers['link'] ?? '')?.[1]
  }
  return found
}

const someDigest = digestOf('x')

test('tags are listed sorted, in pages', async () => {
  const client = start()
  for (const tag of ['b', 'a', 'C', 'd', '_x']) await client.storage.tags.set('r', tag, someDigest)
  expect(await pages(client, '/v2/r/tags/list', 'tags')).toEqual([['C', '_x', 'a', 'b', 'd']])
  expect(await pages(client, '/v2/r/tags/list?n=2', 'tags')).toEqual([['C', '_x'], ['a', 'b'], ['d']])
  expect(await pages(client, '/v2/r/tags/list?n=5', 'tags')).toEqual([['C', '_x', 'a', 'b', 'd']])
  expect(await pages(client, '/v2/r/tags/list?last=aa', 'tags')).toEqual([['b', 'd']])
  expect(await pages(client, '/v2/r/tags/list?n=0', 'tags')).toEqual([[]])
})

test('repositories are listed sorted, in pages', async () => {
  const client = start()
  for (const name of ['b/c', 'a', 'b']) await client.storage.tags.set(name, 't', someDigest)
  expect(await pages(client, '/v2/_catalog?n=1', 'repositories')).toEqual([['a'], ['b'], ['b/c']])
})

test('pages are bounded whatever the client asks for', async () => {
  const client = start({ maxPageEntries: 3 })
  for (let index = 0; index < 7; index++) await client.storage.tags.set('r', `t${index}`, someDigest)
  for (const n of ['2147483647', '1000000000', '99999999999999999999', '']) {
    const query = n === '' ? '' : `?n=${n}`
    expect(await pages(client, `/v2/r/tags/list${query}`, 'tags')).toEqual([
      ['t0', 't1', 't2'],
      ['t3', 't4', 't5'],
      ['t6'],
    ])
  }
  for (const query of ['n=-1', 'n=1e9', 'n=x', 'n=', `last=${'a'.repeat(1024 * 1024)}`]) {
    for (const path of ['/v2/r/tags/list', '/v2/_catalog']) {
      const reply = await client.send('GET', `${path}?${query}`)
      expect([reply.status, codeOf(reply)]).toEqual([400, 'PAGINATION_NUMBER_INVALID'])
    }
  }
})

async function pushReferrer(client: TestClient, subject: TestImage, artifactType: string) {
  const image = await buildImage({
    layers: [],
    manifest: { subject: subject.manifest, artifactType, annotations: { artifactType } },
  })
  await client.pushBlob('r', image.configBytes)
  const reply = await client.send('PUT', `/v2/r/manifests/${image.manifest.digest}`, {
    headers: { 'content-type': image.manifest.mediaType },
    body: image.manifestBytes,
  })
  expect([reply.status, reply.headers['oci-subject']]).toEqual([201, subject.manifest.digest])
  return image.manifest
}

test('referrers are listed as an index, by artifact type, until they are deleted', async () => {
  const client = start()
  const subject = await buildImage()
  const path = `/v2/r/referrers/${subject.manifest.digest}`
  const empty = await client.send('GET', path)
  expect([empty.status, empty.headers['content-type']]).toEqual([200, 'application/vnd.oci.image.index.v1+json'])
  expect(JSON.parse(empty.text)).toMatchObject({ schemaVersion: 2, manifests: [] })
  const sbom = await pushReferrer(client, subject, 'application/sbom')
  const signature = await pushReferrer(client, subject, 'application/signature')
  const all = JSON.parse((await client.send('GET', path)).text).manifests
  expect(all).toHaveLength(2)
  expect(all).toContainEqual({
    ...sbom,
    artifactType: 'application/sbom',
    annotations: { artifactType: 'application/sbom' },
  })
  const filtered = await client.send('GET', `${path}?artifactType=application%2Fsignature`)
  expect(filtered.headers['oci-filters-applied']).toBe('artifactType')
  expect(JSON.parse(filtered.text).manifests.map((entry: { digest: string }) => entry.digest)).toEqual([
    signature.digest,
  ])
  expect((await client.send('DELETE', `/v2/r/manifests/${sbom.digest}`)).status).toBe(202)
  expect(JSON.parse((await client.send('GET', path)).text).manifests).toHaveLength(1)
  expect((await client.send('GET', '/v2/r/referrers/none')).status).toBe(400)
})

test('an index can be a referrer, and a referrer without artifact type is listed by its config', async () => {
  const client = start()
  const subject = await buildImage()
  const index = buildIndex([], { index: { subject: subject.manifest } })
  const put = (manifest: { digest: string; mediaType: string }, body: Uint8Array) =>
    client.send('PUT', `/v2/r/manifests/${manifest.digest}`, { headers: { 'content-type': manifest.mediaType }, body })
  expect((await put(index.manifest, index.manifestBytes)).status).toBe(201)
  const image = await buildImage({ layers: [], manifest: { subject: subject.manifest } })
  await client.pushBlob('r', image.configBytes)
  expect((await put(image.manifest, image.manifestBytes)).status).toBe(201)
  const { manifests } = JSON.parse((await client.send('GET', `/v2/r/referrers/${subject.manifest.digest}`)).text)
  expect(manifests).toContainEqual(index.manifest)
  expect(manifests).toContainEqual({ ...image.manifest, artifactType: image.config.mediaType })
})

test('a list of referrers stays within the size of a manifest and continues in pages', async () => {
  const client = start({ maxManifestBytes: 2048 })
  const subject = parseDigest(`sha256:${'a'.repeat(64)}`)
  for (let index = 0; index < 10; index++) {
    const digest = digestOf(String(index))
    const note = 'n'.repeat(500)
    await client.storage.referrers.add('r', subject, { mediaType: 'm', digest, size: 1, annotations: { note } })
  }
  const found = await pages(client, `/v2/r/referrers/${subject}`, 'manifests')
  expect(found.length).toBeGreaterThan(2)
  const digests = found.flat().map((entry) => (entry as { digest: string }).digest)
  expect(new Set(digests).size).toBe(10)
  for (const page of found) expect(JSON.stringify(page).length).toBeLessThanOrEqual(2048)
})
