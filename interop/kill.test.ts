import { setTimeout as sleep } from 'node:timers/promises'

import { buildImage, randomBytes, type DockerRegistry } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { drayOk, startDray } from './dray.ts'
import { ingestBytes } from './ingest-bytes.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'
import { blobRequests, requestCount } from './registry-log.ts'
import { startSlowProxy } from './slow-proxy.ts'

const here = havePeers('docker-registry', 'skopeo')

const KILLS = 50
const LAYER_BYTES = 40_000_000
const LAYERS = 6
/** How much may be in sockets and buffers at each kill. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024

describe.skipIf(!here)('a pull that is killed', () => {
  const fixture = useRegistry()

  test(`resumes where its bytes end, ${KILLS} times in a row on one store`, async () => {
    const image = await buildImage({
      layers: Array.from({ length: LAYERS }, (_, seed) => [
        { path: `data-${seed}`, content: randomBytes(seed + 1, LAYER_BYTES) },
      ]),
    })
    const pushed = await fixture.push('killed', image)
    const { registry } = fixture
    const imageBytes = image.layers.reduce((sum, layer) => sum + layer.descriptor.size, image.config.size)
    const store = fixture.path('store')
    // 50 kills within the first third of a second of transfer, three layers at a time, leave something for the last pull.
    await using proxy = await startSlowProxy(registry.host, 4_000_000)
    const reference = pushed.replace(registry.host, proxy.host)
    const before = await requestCount(registry)
    let resumed = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const from = await requestCount(registry)
      const bytes = await ingestBytes(store)
      const running = startDray(store, ['pull', reference])
      // However long it takes to start, it is killed while it receives bytes.
      while ((await ingestBytes(store)) === bytes) await sleep(10)
      await sleep(Math.random() * 300)
      running.child.kill('SIGKILL')
      const { signal } = await running.finished
      expect(signal).toBe('SIGKILL')
      await settled(registry)
      if ((await blobRequests(registry, from)).some(({ status }) => status === 206)) resumed++
    }
    await drayOk(store, 'pull', reference)
    await settled(registry)
    const requests = await blobRequests(registry, before)
    const sent = requests.reduce((sum, { bytes }) => sum + bytes, 0)
    expect(sent - imageBytes).toBeLessThan(KILLS * IN_FLIGHT_BYTES)
    // Nearly every pull but the first has something to resume; one that is killed early may not be in the log.
    expect(resumed).toBeGreaterThan(KILLS / 2)
    expect(requests.filter(({ status }) => status === 200 || status === 206).length).toBe(requests.length)
    expect(JSON.parse(await drayOk(store, 'inspect', reference))[0].Id).toBe(image.imageId)
    process.stderr.write(
      `image ${imageBytes} bytes, sent ${sent} bytes, ${((sent - imageBytes) / KILLS / 1e6).toFixed(2)} MB more per kill, ${resumed} pulls resumed\n`,
    )
    // Complete again: the archive hashes every layer against the config's DiffIDs.
    await drayOk(store, 'save', '-o', fixture.path('whole.tar'), reference)
  })
})

/** Waits until the registry has logged the requests that its client abandoned. */
async function settled(registry: DockerRegistry): Promise<void> {
  for (let last = -1; ;) {
    const count = await requestCount(registry)
    if (count === last) return
    last = count
    await sleep(100)
  }
}
