import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type HttpServer } from '@drayage/registry-server/node'
import { checkStore, copyImage, createRuntime, pullImage, type Runtime } from '@drayage/runtime'
import { buildImage, harmFile, randomBytes, tempDir, writeOciLayout, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { askDrayd, runDrayd, startDrayd } from './test/start-drayd.ts'

/** How many bits are flipped, each in a blob of its own. */
const FLIPS = 100

let directory: TempDir
let registry: HttpServer

beforeEach(async () => {
  directory = await tempDir()
  registry = await serve(createRegistryHandler({ storage: createMemoryStorage() }), { graceMs: 0 })
})
afterEach(async () => {
  await registry.close()
  await directory[Symbol.asyncDispose]()
})

const storeDirectory = (): string => path.join(directory.path, 'store')
const openRuntime = (): Promise<Runtime> =>
  createRuntime({ env: {}, home: directory.path, etc: directory.path, storeDirectory: storeDirectory() })

/** Pulls so many images from the registry. */
async function pullImages(count: number): Promise<void> {
  await using runtime = await openRuntime()
  for (let at = 0; at < count; at++) {
    const layout = path.join(directory.path, `layout-${at}`)
    const layers = [[{ path: `${at}`, content: randomBytes(`${at}`, 30_000) }]]
    await writeOciLayout(layout, await buildImage({ layers }), '1')
    const name = `${registry.host}/app-${at}:1`
    await copyImage(runtime, `oci:${layout}:1`, `docker://${name}`)
    await pullImage(runtime, name)
  }
}

async function flipBits(count: number): Promise<void> {
  const blobs = path.join(storeDirectory(), 'blobs/sha256')
  for (const [at, name] of (await readdir(blobs)).slice(0, count).entries()) {
    await harmFile(path.join(blobs, name), 'flipped', at * 13)
  }
}

test('a scrub finds and mends each of 100 flipped bits, and a probe tells before and after', async () => {
  await pullImages(Math.ceil(FLIPS / 3))
  await flipBits(FLIPS)
  const socket = path.join(directory.path, 'drayd.sock')
  const admin = `unix://${path.join(directory.path, 'admin.sock')}`
  const common = ['--host', `unix://${socket}`, '--store', storeDirectory(), '--admin-host', admin]
  const checked = await runDrayd(['--store', storeDirectory(), 'check'])
  expect([checked.status, checked.stdout.trim().split('\n').length]).toEqual([5, FLIPS])
  const drayd = await startDrayd([...common, '--scrub-rate', '50000000'])
  try {
    for (;;) {
      const { text } = await askDrayd(admin, '/metrics')
      if (text.includes(`drayd_store_damage_total{outcome="repaired"} ${FLIPS}`)) break
      expect(text).not.toContain('outcome="fault"')
      await sleep(50)
    }
    expect(await askDrayd(admin, '/storez')).toMatchObject({
      status: 200,
      text: expect.stringContaining('ok') as string,
    })
  } finally {
    drayd.kill('SIGTERM')
    await drayd.exited
  }
  await using runtime = await openRuntime()
  const found = await Array.fromAsync(checkStore(runtime, { deep: true }))
  expect(found.filter(({ state }) => state === 'fault')).toEqual([])
  expect((await runDrayd(['--store', storeDirectory(), 'check'])).status).toBe(0)
})

test('a probe of a damaged store answers 503 with what is wrong', async () => {
  await pullImages(1)
  await flipBits(1)
  const admin = `unix://${path.join(directory.path, 'admin.sock')}`
  const host = `unix://${path.join(directory.path, 'drayd.sock')}`
  const drayd = await startDrayd(['--host', host, '--store', storeDirectory(), '--admin-host', admin])
  try {
    const { status, text } = await askDrayd(admin, '/storez')
    expect(status).toBe(503)
    expect(JSON.parse(text)).toMatchObject({
      status: 'damaged',
      count: 1,
      faults: [{ state: 'fault', problem: 'damaged', neededBy: [`${registry.host}/app-0:1`] }],
    })
  } finally {
    drayd.kill('SIGTERM')
    await drayd.exited
  }
})
