import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { buildImage, buildLayer, randomBytes, tempDir, type TempDir, type TestImage } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { CHUNK_BYTES } from '../test/small-chunks.ts'
import type { CountedCalls } from '../test/count-calls.ts'

const LAYER_BYTES = 32 * 1024 * 1024
/** At least: the counted pull gets chunks of {@link CHUNK_BYTES} or less. */
const FEWEST_CHUNKS = LAYER_BYTES / CHUNK_BYTES

let directory: TempDir

beforeEach(async () => {
  directory = await tempDir()
})
afterEach(async () => {
  await directory[Symbol.asyncDispose]()
})

/** A registry of one image, without an async iterator of its own. */
async function serveImage(image: TestImage): Promise<AsyncDisposable & { readonly host: string }> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { url = '', method = '' } = request
    const digest = url.includes('/manifests/') ? image.manifest.digest : (url.split('/').at(-1) ?? '')
    const bytes = [...image.blobs].find(([each]) => each === digest)?.[1]
    if (bytes === undefined) return void response.writeHead(url === '/v2/' ? 200 : 404).end()
    const type = digest === image.manifest.digest ? image.manifest.mediaType : 'application/octet-stream'
    response.writeHead(200, {
      'content-type': type,
      'content-length': bytes.byteLength,
      'docker-content-digest': digest,
    })
    response.end(method === 'HEAD' ? undefined : bytes)
  }
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('a chunk of a pulled layer passes at most 4 async iterators and 20 calls between socket and disk', async () => {
  const image = await buildImage({
    layers: [await buildLayer([{ path: 'noise', content: randomBytes(1, LAYER_BYTES) }], { compression: 'none' })],
  })
  await using registry = await serveImage(image)
  const script = fileURLToPath(new URL('../test/count-calls.ts', import.meta.url))
  const options = { maxBuffer: 16 * 1024 * 1024 }
  const pulling = ['--disable-warning=ExperimentalWarning', script, directory.path, `${registry.host}/app:1`]
  const { stdout } = await promisify(execFile)(process.execPath, pulling, options)
  const { generators, functions } = JSON.parse(stdout) as CountedCalls
  const chunks = Math.max(...generators)
  expect(chunks).toBeGreaterThanOrEqual(FEWEST_CHUNKS)
  // What runs about as often as there are chunks is on their way; the block writer and the inflater see larger blocks.
  const isOnTheWay = (count: number): boolean => count > chunks * 0.75
  expect(generators.filter(isOnTheWay).length).toBeLessThanOrEqual(4)
  const onTheWay = functions.filter(({ count }) => isOnTheWay(count))
  const perChunk = onTheWay.reduce((sum, { count }) => sum + count / chunks, 0)
  // The functions are shown where they are too many.
  expect(perChunk <= 20 ? [] : onTheWay).toEqual([])
})
