import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { LookupFunction } from 'node:net'
import { hostname } from 'node:os'

import { fromBytes } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import { afterEach, describe, expect, it } from 'vitest'

import { createRegistryClient } from '../client.ts'
import { listen } from '../test/socket-server.ts'
import { createNameGate, type NameGate, type Reach } from './name-gate.ts'
import { undiciClient } from './undici-client.ts'

/** What names stand for here; any other is looked up by the system. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'registry.test': ['127.0.0.1'],
  'far.test': ['8.8.8.8'],
  'both.test': ['10.0.0.1', '8.8.4.4'],
  'lan.test': ['10.0.0.1'],
  'meta.test': ['169.254.169.254'],
  'six.test': ['::1'],
  'mapped.test': ['::ffff:127.0.0.1'],
}

const resolve: LookupFunction = (name, _, callback) => {
  const found = NAMES[name]
  if (found === undefined) return callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '')
  callback(
    null,
    found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
}

async function look(gate: NameGate, name: string, reach?: Reach): Promise<unknown> {
  return await new Promise((settle) =>
    gate.lookup(reach)(name, { all: true }, (error, found) =>
      settle(error ?? (Array.isArray(found) ? found.map(({ address }) => address) : found)),
    ),
  )
}

const REFUSED = { code: 'ERR_URL_REFUSED', reason: 'address' }

describe('createNameGate()', () => {
  it('lets a server lead no nearer to this machine than it is itself', async () => {
    const gate = createNameGate(resolve)
    for (const name of ['registry.test', 'far.test', 'both.test', 'lan.test']) await look(gate, name)
    const reaches = ['registry.test', 'far.test', 'both.test', 'lan.test'].map((name) => gate.reachOf(`http://${name}`))
    expect(reaches).toEqual(['loopback', 'public', 'public', 'private'])
    expect(await look(gate, 'both.test', 'public')).toEqual(['8.8.4.4'])
    expect(await look(gate, 'lan.test', 'private')).toEqual(['10.0.0.1'])
    for (const [name, reach] of [
      ['registry.test', 'public'],
      ['registry.test', 'private'],
      ['six.test', 'public'],
      ['lan.test', 'public'],
      ['lan.test', 'loopback'],
      ['meta.test', 'loopback'],
      ['mapped.test', 'loopback'],
    ] as const) {
      expect([name, await look(gate, name, reach)]).toEqual([name, expect.objectContaining(REFUSED)])
    }
  })

  it("takes this machine's own name for this machine", async () => {
    expect(await look(createNameGate(), hostname(), 'public')).toMatchObject({ code: /ERR_URL_REFUSED|ENOTFOUND/ })
  })

  it('judges addresses in place of names, too', () => {
    const gate = createNameGate(resolve)
    expect(() => gate.assertAddress('[::1]', 'public')).toThrow('loopback')
    expect(() => gate.assertAddress('127.0.0.1', 'private')).toThrow('loopback')
    gate.assertAddress('8.8.8.8', 'public')
    gate.assertAddress('registry.test', 'public')
  })
})

describe('a registry that names a host whose address it may not name', () => {
  let close = (): void => {}
  afterEach(() => close())

  async function registryThat(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    const server = createServer((request, response) => answer(request.resume(), response))
    const port = await listen(server)
    const http = undiciClient({ lookup: resolve })
    close = () => {
      server.close()
      void http.close()
    }
    const client = createRegistryClient({ http, plainHttp: () => true })
    return client.repository({ domain: `registry.test:${port}`, path: 'app' })
  }
  const bytes = new TextEncoder().encode('layer')
  const what = { mediaType: 'layer', digest: digestOf(bytes), size: bytes.byteLength }

  it.each(['lan.test', 'meta.test', 'mapped.test'])('is not followed to %s', async (name) => {
    const redirecting = await registryThat((_, response) =>
      response.writeHead(307, { location: `http://${name}/x` }).end(),
    )
    await expect(readBlob(redirecting, what)).rejects.toMatchObject(REFUSED)
    close()
    const realm = `Bearer realm="http://${name}/token",service="s"`
    const asking = await registryThat((_, response) => response.writeHead(401, { 'www-authenticate': realm }).end())
    await expect(readBlob(asking, what)).rejects.toMatchObject(REFUSED)
    close()
    const uploading = await registryThat((request, response) =>
      request.method === 'POST'
        ? response.writeHead(202, { location: `http://${name}/upload` }).end()
        : response.writeHead(404).end(),
    )
    await using ingest = await uploading.begin(what.digest)
    await expect(ingest.append(fromBytes(bytes)).then(() => ingest.commit(what))).rejects.toMatchObject(REFUSED)
  })

  it('is told of, not the other scheme that was tried first', async () => {
    const server = createServer((_, response) => response.writeHead(307, { location: 'http://10.0.0.1/x' }).end())
    const port = await listen(server)
    await using http = undiciClient()
    const url = `https://127.0.0.1:${port}`
    const client = createRegistryClient({
      http,
      endpoints: async () => [{ url, uses: ['pull'], isMirror: false, isInsecure: true }],
    })
    const repository = client.repository({ domain: `127.0.0.1:${port}`, path: 'app' })
    await expect(readBlob(repository, what)).rejects.toMatchObject(REFUSED)
    server.close()
  })
})
