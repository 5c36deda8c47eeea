import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import { buildImage, randomBytes } from '@drayage/testkit'
import { describe, expect, test } from 'vitest'

import { startDrayd } from './drayd.ts'
import { engineClient } from './engine-client.ts'
import { havePeers } from './peer.ts'
import { useRegistry } from './registry-fixture.ts'

const here = havePeers('docker-registry', 'skopeo')

const CLIENTS = 4
const LAYER_BYTES = 100_000_000
/** How much the blocks and sockets of all clients may hold, far below what they are sent. */
const MOST_GROWTH_BYTES = 60_000_000

describe.skipIf(!here)('clients that do not read', () => {
  const fixture = useRegistry()

  test(`${CLIENTS} that save an image cost a few blocks, delay no other client, and get the whole archive in the end`, async () => {
    const image = await buildImage({ layers: [[{ path: 'data', content: randomBytes(1, LAYER_BYTES) }]] })
    const reference = await fixture.push('large', image)
    await using drayd = await startDrayd(fixture.path())
    const client = engineClient(drayd.socket)
    await client.ask('POST', `/images/create?fromImage=${encodeURIComponent(reference)}`)
    const save = `/images/get?names=${encodeURIComponent(reference)}`
    const expected = await hashOf(await begin(drayd.socket, save))
    const before = await residentBytes(drayd.pid)

    const waiting = await Promise.all(Array.from({ length: CLIENTS }, () => begin(drayd.socket, save)))
    const peaks: number[] = []
    for (let look = 0; look < 20; look++) {
      await sleep(50)
      peaks.push(await residentBytes(drayd.pid))
      expect((await client.ask('GET', `/images/${encodeURIComponent(reference)}/json`)).status).toBe(200)
    }
    const growth = Math.max(...peaks) - before
    process.stderr.write(`${CLIENTS} clients that do not read: ${growth / 1e6} MB more\n`)
    expect(growth).toBeLessThan(MOST_GROWTH_BYTES)
    expect(await Promise.all(waiting.map(hashOf))).toEqual(waiting.map(() => expected))
  })
})

/** Sends a request, and reads only the head of the answer. */
async function begin(socketPath: string, path: string): Promise<IncomingMessage> {
  const sent = request({ socketPath, path, agent: false }).end()
  const [response]: IncomingMessage[] = await once(sent, 'response')
  if (response?.statusCode !== 200) throw new Error(`Cannot save: found status ${response?.statusCode}, expected 200`)
  return response
}

async function hashOf(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of response) hash.update(chunk)
  return hash.digest('hex')
}

async function residentBytes(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
