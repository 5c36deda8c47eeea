// dray fsck as a user runs it, against a registry on loopback.
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { createFsStore } from '@drayage/content-fs'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { buildImage, harmFile, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'

import { drayIn } from './dray-process.ts'
import { fillStorage } from './fill-storage.ts'

let directory: TempDir
let registry: HttpServer
let image: TestImage
let name: string

beforeAll(async () => {
  directory = await tempDir()
  const storage = createMemoryStorage()
  image = await buildImage({ layers: [[{ path: 'a', content: randomBytes('a', 50_000) }]] })
  await fillStorage(storage, { name: 'app', tags: ['1'], image })
  registry = await serve(createRegistryHandler({ storage }), { graceMs: 0 })
  name = `${registry.host}/app:1`
  expect((await drayIn(directory.path, 'pull', '-q', name)).code).toBe(0)
})
afterAll(async () => {
  await registry.close()
  await directory[Symbol.asyncDispose]()
})

const dray = (...args: string[]): ReturnType<typeof drayIn> => drayIn(directory.path, ...args)

async function flip(digest: TestImage['manifest']['digest'], bit: number): Promise<void> {
  const store = createFsStore({ directory: path.join(directory.path, 'store') })
  await harmFile(store.blobPath(digest), 'flipped', bit)
}

test('dray fsck prints nothing of a sound store', async () => {
  for (const args of [[], ['--deep'], ['--deep', '--repair'], [name]]) {
    expect(await dray('fsck', ...args)).toMatchObject({ code: 0, stdout: '', stderr: '' })
  }
})

test('dray fsck names what is damaged and who needs it, and exits with 5 until it is mended', async () => {
  await flip(image.config.digest, 9)
  const line = `config ${image.config.digest}: damaged; needed by ${name}\n`
  const found = await dray('fsck')
  expect([found.code, found.stdout]).toEqual([5, `fault ${line}`])
  expect(found.stderr).toMatch(/^dray: Cannot rely on all of the store .*: 1 fault found\nhint: .*--repair/)
  const { stdout } = await dray('fsck', name, '--format', 'json')
  expect(JSON.parse(stdout)).toMatchObject({
    State: 'fault',
    Kind: 'config',
    What: image.config.digest,
    NeededBy: name,
  })
  expect((await dray('images')).stdout).toContain('config damaged')
  const mended = await dray('fsck', '--repair')
  expect([mended.code, mended.stdout]).toEqual([0, expect.stringContaining('repaired config')])
  expect((await dray('images')).stdout).not.toContain('FAULT')
})

test('dray fsck --deep finds a bit that no time of a file tells of', async () => {
  const layer = image.layers[0]?.descriptor ?? image.config
  await flip(layer.digest, layer.size * 4)
  expect((await dray('fsck')).code).toBe(0)
  expect(await dray('fsck', '--deep')).toMatchObject({
    code: 5,
    stdout: expect.stringContaining(layer.digest) as string,
  })
  expect((await dray('fsck', '--deep', '--repair')).code).toBe(0)
  expect((await dray('fsck', 'none')).code).toBe(3)
})
