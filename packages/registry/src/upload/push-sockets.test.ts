import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'

import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { failureFields } from '../test/image-registry.ts'
import { blobOf, chunked, pushAll } from '../test/push-registry.ts'
import { listen } from '../test/socket-server.ts'
import { tcpProxy, type TcpFault } from '../test/tcp-proxy.ts'
import { undiciClient } from '../undici/undici-client.ts'

const LARGE = blobOf(2, 12_000_000)

/** Answers a request with what another server says to it. */
function passOn(server: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url } = request
  const onward = forward(`${server}${url ?? ''}`, { method: method ?? 'GET', headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  request.pipe(onward)
}

describe('a push over sockets', () => {
  it.each<[TcpFault, string]>([
    [{ kind: 'reset', afterBytes: 6_000_000 }, 'reset'],
    [{ kind: 'stall', afterBytes: 6_000_000 }, 'headers-timeout'],
  ])('continues after %j', async (fault, reason) => {
    const storage = createMemoryStorage()
    await using server = await serve(createRegistryHandler({ storage }))
    await using proxy = await tcpProxy(server.host, fault)
    // Long enough for an honest answer of a busy machine, which is not what is tested.
    await using http = undiciClient(fault.kind === 'stall' ? { headersTimeoutMs: 4000 } : {})
    const repository = createRegistryClient({ http }).repository(`${proxy.host}/team/app`)
    const { what, bytes } = LARGE
    await using ingest = await repository.begin(what.digest, { size: what.size })
    const fields = await failureFields(ingest.append(chunked(bytes)))
    expect(fields).toMatchObject({ code: 'ERR_REGISTRY_UNREACHABLE', reason, retryable: true })
    expect(proxy.hasStruck()).toBe(true)
    expect(ingest.offset).toBeGreaterThan(0)
    expect(ingest.offset).toBeLessThan(what.size)
    // The registry may still be reading what came before the break, and then says that it has got further.
    for (let isSent = false; !isSent;) {
      try {
        await ingest.append(chunked(bytes, ingest.offset))
        isSent = true
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_REGISTRY_UPLOAD', reason: 'partial' })
      }
      expect(ingest.offset).toBeGreaterThan(0)
    }
    expect(await ingest.commit(what)).toBe('committed')
    expect(await storage.content.has(what)).toBe(true)
  })

  it.each([undefined, LARGE.what.size])('follows a redirect of its stream (size known: %s)', async (size) => {
    const storage = createMemoryStorage()
    await using server = await serve(createRegistryHandler({ storage }))
    let redirected = 0
    const front = createServer((request, response) => {
      if (request.method !== 'PATCH') return passOn(server.url, request, response)
      redirected++
      // It answers before it has read the body, and reads none of it.
      response.writeHead(307, { location: `${server.url}${request.url ?? ''}`, connection: 'close' }).end()
    })
    const port = await listen(front)
    await using http = undiciClient()
    const repository = createRegistryClient({ http }).repository(`127.0.0.1:${port}/team/app`)
    await pushAll(repository, LARGE.what, LARGE.bytes, { ...(size !== undefined && { size }), attempts: 3 })
    expect(await storage.content.has(LARGE.what)).toBe(true)
    expect(redirected).toBe(1)
    front.closeAllConnections()
    await new Promise((resolve) => front.close(resolve))
  })

  it.each([undefined, LARGE.what.size])(
    'gets through a front that answers large bodies with 413 and closes (size known: %s)',
    async (size) => {
      const storage = createMemoryStorage()
      await using server = await serve(createRegistryHandler({ storage }))
      const most = 1_048_576
      let refused = 0
      const front = createServer((request, response) => {
        const length = Number(request.headers['content-length'] ?? Infinity)
        const isLarge = request.method === 'PATCH' && length > most
        if (isLarge) {
          refused++
          response.writeHead(413, { connection: 'close' }).end('<html>413</html>', () => request.socket.destroy())
          return
        }
        passOn(server.url, request, response)
      })
      const port = await listen(front)
      await using http = undiciClient()
      const repository = createRegistryClient({ http }).repository(`127.0.0.1:${port}/team/app`)
      await pushAll(repository, LARGE.what, LARGE.bytes, { ...(size !== undefined && { size }), attempts: 3 })
      expect(await storage.content.has(LARGE.what)).toBe(true)
      expect(refused).toBeGreaterThan(0)
      front.closeAllConnections()
      await new Promise((resolve) => front.close(resolve))
    },
  )
})
