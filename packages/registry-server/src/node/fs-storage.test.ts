import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createMemoryStore } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { buildImage } from '@drayage/testkit'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'

import { createRegistryHandler } from '../handler/handler.ts'
import { createTestClient } from '../test/client.ts'
import { fileTag, tagFile } from './records.ts'
import { createFsStorage } from './fs-storage.ts'

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'drayage-registry-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

test('createFsStorage() keeps repositories, tags, referrers and uploads over a restart', async () => {
  const root = await directory()
  const content = createMemoryStore()
  const start = () => createTestClient(createRegistryHandler({ storage: createFsStorage(root, content) }))
  const before = start()
  const subject = await buildImage()
  const image = await buildImage({ layers: [], manifest: { subject: subject.manifest, artifactType: 'a/b' } })
  await before.pushBlob('team/app', image.configBytes)
  const headers = { 'content-type': image.manifest.mediaType }
  const put = await before.send('PUT', '/v2/team/app/manifests/Rc-1', { headers, body: image.manifestBytes })
  expect(put.status).toBe(201)
  const { location = '' } = (await before.send('POST', '/v2/team/app/blobs/uploads/')).headers
  await before.send('PATCH', location, { body: 'abc' })

  const after = start()
  expect((await after.send('GET', '/v2/team/app/manifests/Rc-1')).bytes).toEqual(image.manifestBytes)
  expect(JSON.parse((await after.send('GET', '/v2/_catalog')).text)).toEqual({ repositories: ['team/app'] })
  expect(JSON.parse((await after.send('GET', '/v2/team/app/tags/list')).text).tags).toEqual(['Rc-1'])
  const list = await after.send('GET', `/v2/team/app/referrers/${subject.manifest.digest}`)
  expect(JSON.parse(list.text).manifests).toEqual([{ ...image.manifest, artifactType: 'a/b' }])
  expect((await after.send('GET', location)).headers['range']).toBe('0-2')
  expect((await after.send('PUT', `${location}?digest=${digestOf('abc')}`)).status).toBe(201)
  expect((await after.send('DELETE', `/v2/team/app/manifests/${image.manifest.digest}`)).status).toBe(202)
  expect((await start().send('GET', '/v2/team/app/manifests/Rc-1')).status).toBe(404)
  expect((await readdir(root)).sort()).toEqual(['repositories', 'uploads'])
  expect(await readdir(join(root, 'uploads'))).toEqual([])
})

test('createFsStorage() ignores what a crash left of files being written', async () => {
  const root = await directory()
  const storage = createFsStorage(root, createMemoryStore())
  await storage.uploads.open({ id: 'u', repository: 'r', startedAtMs: 1 })
  await storage.tags.set('r', 't', digestOf('x'))
  await writeFile(join(root, 'uploads', '.u.012345678901.partial'), '{')
  await writeFile(join(root, 'repositories', 'r', 'tags', '.t+0.012345678901.partial'), 'sha256:')
  expect(await Array.fromAsync(storage.uploads.uploads())).toHaveLength(1)
  expect(await storage.names.tags('r', { limit: 9 })).toEqual(['t'])
})

test('createFsStorage() makes directories and files that only their owner can read', async () => {
  const root = await directory()
  const storage = createFsStorage(join(root, 'made'), createMemoryStore())
  await storage.tags.set('a/b', 't', digestOf('x'))
  const modeOf = async (...path: string[]) => (await stat(join(root, 'made', ...path))).mode & 0o777
  expect(await modeOf()).toBe(0o700)
  expect(await modeOf('repositories', 'a+b', 'tags')).toBe(0o700)
  expect(await modeOf('repositories', 'a+b', 'tags', 't+0')).toBe(0o600)
})

test('createFsStorage() names a record that it cannot read', async () => {
  const root = await directory()
  const storage = createFsStorage(root, createMemoryStore())
  const digest = digestOf('x')
  await storage.tags.set('r', 't', digest)
  await storage.blobs.link('r', { mediaType: 'm', digest, size: 1 })
  await storage.uploads.open({ id: 'u', repository: 'r', startedAtMs: 1 })
  const blob = join('repositories', 'r', 'blobs', digest.replace(':', '-'))
  for (const text of ['', '{', '[]', '{"mediaType":1}', '{"mediaType":"m","digest":"x","size":1}']) {
    await writeFile(join(root, blob), text)
    await expect(storage.blobs.find('r', digest)).rejects.toMatchObject({ code: 'ERR_REGISTRY_RECORD', path: blob })
  }
  await writeFile(join(root, 'repositories', 'r', 'tags', 't+0'), 'x')
  await expect(storage.tags.get('r', 't')).rejects.toMatchObject({ code: 'ERR_REGISTRY_RECORD' })
  await writeFile(join(root, 'uploads', 'u'), '{}')
  await expect(storage.uploads.find('u')).rejects.toMatchObject({ code: 'ERR_REGISTRY_RECORD' })
})

test('createFsStorage() distinguishes a repository without tags from one that was never written to', async () => {
  const storage = createFsStorage(await directory(), createMemoryStore())
  await storage.blobs.link('r', { mediaType: 'm', digest: digestOf('x'), size: 1 })
  expect(await storage.names.tags('r', { limit: 1 })).toEqual([])
  expect(await storage.names.tags('s', { limit: 1 })).toBeUndefined()
  expect(await storage.names.repositories({ limit: 9 })).toEqual(['r'])
})

test('tagFile() keeps tags that differ in case apart on any file system, and fileTag() reads them back', () => {
  const letters = fc.constantFrom(...'abcXYZ019._-')
  const tags = fc
    .tuple(fc.constantFrom(...'aZ0_'), fc.array(letters, { maxLength: 127 }))
    .map(([a, rest]) => a + rest.join(''))
  fc.assert(fc.property(tags, (tag) => fileTag(tagFile(tag)) === tag))
  fc.assert(fc.property(tags, tags, (a, b) => a === b || tagFile(a).toLowerCase() !== tagFile(b).toLowerCase()))
  expect(tagFile('A'.repeat(128)).length).toBeLessThan(255)
  for (const name of ['t', 't+', 'T+0', '+0', '.tmp+0']) expect(fileTag(name)).toBeUndefined()
})
