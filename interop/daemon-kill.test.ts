import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { buildImage, randomBytes, runOk, writeOciLayout, type TestImage } from '@drayage/testkit'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'

import { startDrayd, type Drayd } from './drayd.ts'
import { engineClient, type EngineAnswer } from './engine-client.ts'
import { ingestBytes, untilIngestBytes } from './ingest-bytes.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { blobRequests, requestCount } from './registry-log.ts'
import { startSlowProxy } from './slow-proxy.ts'

const here = havePeers('docker-registry', 'skopeo')

const KILLS = 6
const PULLS = 10
const LOADS = 5
const LAYER_BYTES = 5_000_000
/** How much may be in sockets and buffers at each kill. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024

describe.skipIf(!here)('drayd that is killed', () => {
  const fixture = useRegistry()
  const pulled: { readonly name: string; readonly image: TestImage }[] = []
  const loaded: { readonly archive: string; readonly image: TestImage }[] = []
  let drayd: Drayd | undefined

  beforeAll(async () => {
    for (let at = 0; at < PULLS + LOADS; at++) {
      const layers = [0, 1].map((layer) => [
        { path: `data-${at}-${layer}`, content: randomBytes(at * 2 + layer, LAYER_BYTES) },
      ])
      const image = await buildImage({ layers })
      if (at < PULLS) pulled.push({ name: await fixture.push(`app-${at}`, image), image })
      else loaded.push({ archive: await writeArchive(`loaded-${at}`, image), image })
    }
  })
  afterEach(async () => {
    await drayd?.stop()
  })

  /** Writes an image as an archive that `docker load` reads; resolves to its file. */
  async function writeArchive(name: string, image: TestImage): Promise<string> {
    const layout = fixture.path(name)
    await writeOciLayout(layout, image, `localhost/${name}:latest`)
    await runOk('tar', ['-C', layout, '-cf', `${layout}.tar`, '.'])
    return `${layout}.tar`
  }

  test(`is ready again by itself, shows nothing incomplete, and clients continue, ${KILLS} times during ${PULLS} pulls and ${LOADS} loads`, async () => {
    await mkdir(fixture.path('daemon'))
    await using proxy = await startSlowProxy(fixture.registry.host, 4_000_000)
    const before = await requestCount(fixture.registry)
    const all = new Map([...pulled, ...loaded].map(({ image }) => [image.imageId, image]))
    const restarts: number[] = []
    const acknowledged = new Set<string>()
    let interrupted = 0
    let early = 0
    for (let round = 0; round <= KILLS; round++) {
      const startedAt = performance.now()
      drayd = await startDrayd(fixture.path('daemon'))
      restarts.push(performance.now() - startedAt)
      await expectSound(drayd, all, acknowledged)
      const isLast = round === KILLS
      early = acknowledged.size
      const kept = await ingestBytes(drayd.store)
      const works = startClients(drayd, proxy.host, isLast)
      if (!isLast) {
        await untilIngestBytes(drayd.store, kept + 500_000)
        await sleep(Math.random() * 1000)
        drayd.kill('SIGKILL')
        await drayd.ended
      }
      for (const { id, isDone } of await Promise.all(works)) {
        if (isDone) acknowledged.add(id)
        else interrupted++
      }
    }
    expect(interrupted).toBeGreaterThan(KILLS)
    expect(acknowledged).toEqual(new Set(all.keys()))
    if (drayd !== undefined) await expectSound(drayd, all, acknowledged)
    const requests = await blobRequests(fixture.registry, before)
    expect(requests.some(({ status }) => status === 206)).toBe(true)
    const sent = requests.reduce((sum, { bytes }) => sum + bytes, 0)
    const wanted = PULLS * 2 * LAYER_BYTES
    expect(sent - wanted).toBeLessThan(KILLS * IN_FLIGHT_BYTES)
    const told = restarts.map((each) => each.toFixed(0)).join(', ')
    process.stderr.write(
      `ready after ${told} ms; ${interrupted} interrupted, ${early} done before the last round; ${((sent - wanted) / KILLS / 1e6).toFixed(2)} MB more per kill\n`,
    )
  })

  /** Lets every client ask for its image, the pulls through a proxy. */
  function startClients({ socket }: Drayd, host: string, isHurried: boolean): Promise<Outcome>[] {
    const client = engineClient(socket)
    const outcome = async (image: TestImage, asked: Promise<EngineAnswer>, done: string): Promise<Outcome> => {
      const text = await asked.then(
        (answer) => answer.text,
        () => '',
      )
      return { id: image.imageId, isDone: text.includes(done) }
    }
    return [
      ...pulled.map(({ name, image }) => {
        const from = encodeURIComponent(name.replace(fixture.registry.host, host))
        return outcome(image, client.ask('POST', `/v1.50/images/create?fromImage=${from}`), 'Status: ')
      }),
      ...loaded.map(({ archive, image }) => {
        const body = isHurried ? createReadStream(archive) : slowly(archive)
        return outcome(image, client.ask('POST', '/v1.50/images/load', { body }), 'Loaded image: ')
      }),
    ]
  }
})

interface Outcome {
  readonly id: string
  /** Whether the client was told that its image is complete. */
  readonly isDone: boolean
}

/** The bytes of a file over some seconds, so that a kill falls between them. */
async function* slowly(file: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    yield chunk
    await sleep(40)
  }
}

/**
 * Expects that each blob hashes to its name, that each listed image is complete and named, and that every image reported
 * to a client is listed.
 */
async function expectSound(
  { store, socket }: Drayd,
  all: ReadonlyMap<string, TestImage>,
  acknowledged: ReadonlySet<string>,
): Promise<void> {
  const blobs = path.join(store, 'blobs/sha256')
  const there = new Set((await readdir(blobs).catch(() => [])).map((name) => `sha256:${name}`))
  for (const digest of there) expect(await hashOf(path.join(blobs, digest.slice('sha256:'.length)))).toBe(digest)
  const client = engineClient(socket)
  const listed: { Id: string; RepoTags: string[] }[] = JSON.parse((await client.ask('GET', '/v1.50/images/json')).text)
  for (const { Id, RepoTags } of listed) {
    const image = all.get(Id)
    if (image === undefined) throw new Error(`Cannot check ${Id}: found an image that no client asked for`)
    for (const digest of [image.manifest.digest, ...image.blobs.keys()]) expect(there).toContain(digest)
    expect(RepoTags).toHaveLength(1)
    const inspected = await client.ask('GET', `/v1.50/images/${RepoTags[0]}/json`)
    expect(JSON.parse(inspected.text)).toMatchObject({
      Id,
      RootFS: { Layers: image.layers.map(({ diffId }) => diffId) },
    })
  }
  const shown = new Set(listed.map(({ Id }) => Id))
  for (const id of acknowledged) expect(shown).toContain(id)
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}
