import { readdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { buildImage, randomBytes } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { startDrayd, type Drayd } from './drayd.ts'
import { engineClient, type EngineClient } from './engine-client.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'

const here = havePeers('docker-registry', 'skopeo')

const REQUESTS = 3000
const CLIENTS = 8
const PULL = 2
/** After so many looks without any more being freed, nothing more will be. */
const LOOKS = 20
/** By how much a heap before its collection may differ; a leak of 10 kB a request would exceed it. */
const HEAP_GROWTH_BYTES = 20_000_000
/** Resident memory includes used buffers, which are freed above 96 MiB. */
const MOST_BYTES = 400_000_000

describe.skipIf(!here)('drayd in the long run', () => {
  const fixture = useRegistry()

  test(`${REQUESTS} mixed requests leave neither descriptors nor handles nor memory behind`, async () => {
    const image = await buildImage({ layers: [[{ path: 'data', content: randomBytes(1, 3_000_000) }]] })
    const reference = await fixture.push('soak', image)
    await using drayd = await startDrayd(fixture.path(), ['--admin-host', `unix://${fixture.path('admin.sock')}`])
    const client = engineClient(drayd.socket)
    const admin = engineClient(fixture.path('admin.sock'))
    await askOne(client, reference, PULL, '')
    await mix(client, reference, 600)
    const before = await settled(drayd, admin)
    await mix(client, reference, REQUESTS)
    const after = await settled(drayd, admin)
    process.stderr.write(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}\n`)
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors)
    expect(after.handles).toBeLessThanOrEqual(before.handles)
    expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_GROWTH_BYTES)
    expect(after.residentBytes).toBeLessThan(MOST_BYTES)
    expect((await client.ask('GET', `/images/${reference}/json`)).status).toBe(200)
  })
})

/** Sends all kinds of requests, several clients at a time. */
async function mix(client: EngineClient, reference: string, requests: number): Promise<void> {
  let left = requests
  const turn = async (who: number): Promise<void> => {
    for (let at = who; left-- > 0; at++) await askOne(client, reference, at, `soak-${who}:${at % 3}`)
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, who) => turn(who)))
}

async function askOne(client: EngineClient, reference: string, at: number, tag: string): Promise<void> {
  const [repository = '', version = ''] = tag.split(':')
  switch (at % 9) {
    case 0:
      return expectStatus(client.ask('GET', '/v1.50/images/json?shared-size=1'), 200)
    case 1:
      return expectStatus(client.ask('GET', `/v1.50/images/${reference}/json`), 200)
    case PULL:
      return expectStatus(client.ask('POST', `/v1.50/images/create?fromImage=${encodeURIComponent(reference)}`), 200)
    case 3:
      await expectStatus(client.ask('POST', `/v1.50/images/${reference}/tag?repo=${repository}&tag=${version}`), 201)
      return expectStatus(client.ask('DELETE', `/v1.50/images/${tag}`), 200)
    case 4:
      return leave(client, 'GET', '/v1.50/events')
    case 5:
      return leave(client, 'GET', `/v1.50/images/${reference}/get`)
    case 6:
      return expectStatus(client.ask('GET', '/v1.50/images/none/json'), 404)
    case 7:
      return leave(client, 'POST', `/v1.50/images/create?fromImage=${encodeURIComponent(reference)}`)
    default:
      return expectStatus(client.ask('GET', '/v1.50/system/df'), 200)
  }
}

async function expectStatus(asked: Promise<{ readonly status: number }>, status: number): Promise<void> {
  expect((await asked).status).toBe(status)
}

/** Sends a request, and leaves before the answer or in the middle of it. */
async function leave(client: EngineClient, method: string, path: string): Promise<void> {
  const leaving = new AbortController()
  const asked = client.ask(method, path, { signal: leaving.signal }).catch((error: unknown) => error)
  await sleep(Math.random() * 10)
  leaving.abort()
  await asked
}

interface Footprint {
  readonly descriptors: number
  /** What keeps the event loop busy: sockets, timers, servers. */
  readonly handles: number
  readonly heapBytes: number
  readonly residentBytes: number
}

/**
 * What a daemon holds once its idle connections are closed: the least of several looks, because a look may count garbage
 * that is not collected yet, and the connection of the look before it.
 */
async function settled(drayd: Drayd, admin: EngineClient): Promise<Footprint> {
  let least = await footprint(drayd, admin)
  for (let looks = 0; looks < LOOKS; looks++) {
    await sleep(300)
    const now = await footprint(drayd, admin)
    if (now.descriptors < least.descriptors || now.handles < least.handles) looks = 0
    least = {
      descriptors: Math.min(least.descriptors, now.descriptors),
      handles: Math.min(least.handles, now.handles),
      heapBytes: Math.min(least.heapBytes, now.heapBytes),
      residentBytes: Math.min(least.residentBytes, now.residentBytes),
    }
  }
  return least
}

async function footprint({ pid }: Drayd, admin: EngineClient): Promise<Footprint> {
  const { text } = await admin.ask('GET', '/metrics')
  const number = (name: string): number => Number(new RegExp(`^drayd_${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    handles: number('nodejs_active_resources_total'),
    heapBytes: number('nodejs_heap_size_used_bytes'),
    residentBytes: number('process_resident_memory_bytes'),
  }
}
