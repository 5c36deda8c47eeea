import { mkdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { buildImage, buildLayer, randomBytes } from '@drayage/testkit'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'

import { startDrayd, type Drayd } from './drayd.ts'
import { engineClient, type EngineAnswer } from './engine-client.ts'
import { ingestBytes, untilIngestBytes } from './ingest-bytes.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { blobRequests, requestCount } from './registry-log.ts'
import { startSlowProxy } from './slow-proxy.ts'

const here = havePeers('docker-registry', 'skopeo')

const IMAGES = 20
const CLIENTS = 64
const LOOKERS = 16

describe.skipIf(!here)('one drayd for many clients', () => {
  const fixture = useRegistry()
  let names: string[]
  const blobs = new Set<string>()
  const running: Drayd[] = []

  beforeAll(async () => {
    const shared = await buildLayer([{ path: 'shared', content: randomBytes('shared', 4_000_000) }])
    names = []
    for (let at = 0; at < IMAGES; at++) {
      const image = await buildImage({ layers: [shared, [{ path: `own-${at}`, content: randomBytes(at, 2_000_000) }]] })
      names.push(await fixture.push(`app-${at}`, image))
      for (const each of [image.config, ...image.layers.map((layer) => layer.descriptor)]) blobs.add(each.digest)
    }
  })
  afterEach(async () => {
    for (const drayd of running.splice(0)) await drayd.stop()
  })

  async function start(name: string): Promise<Drayd> {
    const directory = fixture.path(name)
    await mkdir(directory, { recursive: true })
    const drayd = await startDrayd(directory)
    running.push(drayd)
    return drayd
  }

  const pull = (host: string, name: string): string =>
    `/v1.50/images/create?fromImage=${encodeURIComponent(name.replace(fixture.registry.host, host))}`

  test(`${CLIENTS} clients pull ${IMAGES} images while ${LOOKERS} look: each blob is fetched once, memory stays`, async () => {
    const drayd = await start('many')
    const client = engineClient(drayd.socket)
    const before = await requestCount(fixture.registry)
    const over = new AbortController()
    const look = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const listed = await client.ask('GET', '/v1.50/images/json')
        const [first]: { Id: string }[] = JSON.parse(listed.text)
        const inspected = first === undefined ? listed : await client.ask('GET', `/v1.50/images/${first.Id}/json`)
        expect([listed.status, inspected.status]).toEqual([200, 200])
      }
    }
    const lookers = Array.from({ length: LOOKERS }, look)
    const pulls = Array.from({ length: CLIENTS }, (_, at) =>
      client.ask('POST', pull(fixture.registry.host, names[at % IMAGES] ?? '')),
    )
    const answers = await Promise.all(pulls)
    over.abort()
    await Promise.all(lookers)
    for (const answer of answers) expect(lastStatus(answer)).toMatch(/^Status: (Downloaded newer|Image is up to date)/)
    const fetched = (await blobRequests(fixture.registry, before)).map(({ url }) => url.split('/').at(-1) ?? '')
    expect(fetched.length).toBe(new Set(fetched).size)
    expect(new Set(fetched)).toEqual(blobs)
    expect(await peakBytes(drayd.pid)).toBeLessThanOrEqual(400e6)
  })

  test('a killed client does not affect the others; when the last one leaves, the pull stops and keeps its bytes', async () => {
    await using proxy = await startSlowProxy(fixture.registry.host, 400_000)
    const drayd = await start('leave')
    const client = engineClient(drayd.socket)
    const url = pull(proxy.host, names[0] ?? '')
    const leaving = [new AbortController(), new AbortController()]
    const left = leaving.map(({ signal }) => client.ask('POST', url, { signal }).catch((error: unknown) => error))
    const stays = client.ask('POST', url)
    await untilIngestBytes(drayd.store, 200_000)
    leaving[0]?.abort()
    await left[0]
    expect(lastStatus(await stays)).toMatch(/^Status: Downloaded newer/)
    leaving[1]?.abort()
    await Promise.all(left)

    const alone = new AbortController()
    const gone = client
      .ask('POST', pull(proxy.host, names[1] ?? ''), { signal: alone.signal })
      .catch((error: unknown) => error)
    await untilIngestBytes(drayd.store, 200_000)
    alone.abort()
    await gone
    const before = await settled(drayd.store)
    expect(before).toBeGreaterThanOrEqual(200_000)
    await sleep(300)
    expect(await ingestBytes(drayd.store)).toBe(before)
    const again = await client.ask('POST', pull(fixture.registry.host, names[1] ?? ''))
    expect(lastStatus(again)).toMatch(/^Status: Downloaded newer/)
    const ranged = (await fixture.registry.requests()).filter(({ status }) => status === 206)
    expect(ranged.length).toBeGreaterThan(0)
  })
})

function lastStatus({ text }: EngineAnswer): string {
  const last: { status?: string } = JSON.parse(text.trimEnd().split('\r\n').at(-1) ?? '{}')
  return last.status ?? text
}

/** The peak memory of a process so far, in bytes. */
async function peakBytes(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

/** The bytes once they stop changing. */
async function settled(store: string): Promise<number> {
  for (let last = -1; ;) {
    const bytes = await ingestBytes(store)
    if (bytes === last) return bytes
    last = bytes
    await sleep(200)
  }
}
