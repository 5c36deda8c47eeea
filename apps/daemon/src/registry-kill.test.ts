import path from 'node:path'

import { buildImage, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { askDrayd, startDrayd, type Drayd } from './test/start-drayd.ts'

let directory: TempDir
let daemon: Drayd
let image: TestImage

beforeEach(async () => {
  directory = await tempDir()
  image = await buildImage({
    layers: [1, 2, 3].map((seed) => [{ path: `f${seed}`, content: randomBytes(seed, 400_000) }]),
  })
  await start()
})
afterEach(async () => {
  daemon.kill('SIGKILL')
  await directory[Symbol.asyncDispose]()
})

async function start(): Promise<void> {
  const socket = `unix://${path.join(directory.path, 's')}`
  const store = path.join(directory.path, 'store')
  daemon = await startDrayd([
    ...['--host', socket, '--store', store],
    ...['--registry-host', 'tcp://127.0.0.1:0', '--registry-anonymous', 'push'],
  ])
}

async function killAndStart(): Promise<void> {
  daemon.kill('SIGKILL')
  await daemon.exited
  await start()
}

/** The status of an answer of the registry; 0 without an answer. */
async function ask(method: string, target: string, body?: Uint8Array, type?: string): Promise<number> {
  const base = (daemon.places[1] ?? '').replace('tcp:', 'http:')
  const headers = type === undefined ? {} : { 'content-type': type }
  const content = body === undefined ? {} : { body: new Uint8Array(body) }
  try {
    const answer = await fetch(`${base}/v2/app/${target}`, { method, headers, ...content })
    await answer.arrayBuffer()
    return answer.status
  } catch {
    return 0
  }
}

const putManifest = (): Promise<number> => ask('PUT', 'manifests/1', image.manifestBytes, image.manifest.mediaType)

/** Pushes as clients do: what is there already is not sent again. Resolves to how many blobs were sent. */
async function pushBlobs(until: number = Number.POSITIVE_INFINITY): Promise<number> {
  let sent = 0
  for (const [digest, bytes] of image.blobs) {
    if (digest === image.manifest.digest || sent >= until) continue
    if ((await ask('HEAD', `blobs/${digest}`)) === 200) continue
    expect(await ask('POST', `blobs/uploads/?digest=${digest}`, bytes)).toBe(201)
    sent++
  }
  return sent
}

async function expectWhole(): Promise<void> {
  expect(await ask('GET', 'manifests/1')).toBe(200)
  for (const digest of image.blobs.keys()) {
    if (digest !== image.manifest.digest) expect(await ask('GET', `blobs/${digest}`)).toBe(200)
  }
  const inspected = await askDrayd(daemon.places[0] ?? '', '/images/app:1/json')
  expect(JSON.parse(inspected.text)).toMatchObject({ Id: image.imageId, RepoTags: ['app:1'] })
}

test('drayd killed between the blobs and the manifest of a push: no tag, and the same push succeeds', async () => {
  expect(await pushBlobs(2)).toBe(2)
  await killAndStart()
  expect([await ask('GET', 'manifests/1'), await ask('GET', `manifests/${image.manifest.digest}`)]).toEqual([404, 404])
  expect((await askDrayd(daemon.places[0] ?? '', '/images/json')).text).toBe('[]\n')
  // What was committed is still there.
  expect(await pushBlobs()).toBe(image.blobs.size - 1 - 2)
  await killAndStart()
  expect(await pushBlobs()).toBe(0)
  expect(await putManifest()).toBe(201)
  await expectWhole()
})

test('drayd killed at any moment while a manifest is linked has the tag complete or not at all', async () => {
  await pushBlobs()
  for (const afterMs of [0, 5, 15, 30, 60]) {
    const put = putManifest()
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    daemon.kill('SIGKILL')
    await daemon.exited
    const status = await put
    await start()
    const seen = await ask('GET', 'manifests/1')
    // What was acknowledged is there.
    expect(status === 201 ? [200] : [200, 404]).toContain(seen)
    if (seen === 200) await expectWhole()
    expect(await putManifest()).toBe(201)
    await expectWhole()
    expect((await askDrayd(daemon.places[0] ?? '', '/images/app:1', { method: 'DELETE' })).status).toBe(200)
    expect(await ask('GET', 'manifests/1')).toBe(404)
    await pushBlobs()
  }
})
