import type { HttpClient } from '@drayage/content'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import { buildImage, randomBytes, type TestImage } from '@drayage/testkit'

/** A registry with one image whose layer stops in the middle until it is released. */
export interface StallingRegistry extends AsyncDisposable {
  /** The image's reference. */
  readonly reference: string
  /** The `Range` of each request for the layer. */
  readonly ranges: readonly (string | undefined)[]
  /** Resolves when a layer has stopped. */
  readonly stalled: Promise<void>
  /** Lets all layers go on. */
  release(): void
}

const LAYER_BYTES = 6_000_000

/** Where the layer stops: enough that a store has written some of it. */
const STALL_AT = 4_000_000

/** Starts a registry that stalls. */
export async function startStallingRegistry(): Promise<StallingRegistry> {
  const image = await buildImage({ layers: [[{ path: 'data', content: randomBytes(1, LAYER_BYTES) }]] })
  const layer = image.layers[0]?.descriptor.digest ?? ''
  const ranges: (string | undefined)[] = []
  const stalled = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const registry = createRegistryHandler({ storage: createMemoryStorage() })
  const handler: HttpClient = async (request) => {
    const response = await registry(request)
    if (request.method !== 'GET' || !request.url.endsWith(layer)) return response
    ranges.push(request.headers['range'])
    async function* body(): typeof response.body {
      let bytes = 0
      for await (const chunk of response.body) {
        if (bytes + chunk.byteLength > STALL_AT) {
          stalled.resolve()
          await Promise.race([released.promise, left(request.signal)])
        }
        bytes += chunk.byteLength
        yield chunk
      }
    }
    return { ...response, body: body() }
  }
  const server = await serve(handler, { graceMs: 0 })
  await push(registry, server.url, image)
  return {
    reference: `${server.host}/app:latest`,
    ranges,
    stalled: stalled.promise,
    release: () => released.resolve(),
    async [Symbol.asyncDispose]() {
      released.resolve()
      await server.close()
    },
  }
}

/** Rejects when the client has left. */
async function left(signal: AbortSignal | undefined): Promise<never> {
  return await new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('the client has left')), { once: true })
  })
}

async function push(registry: HttpClient, url: string, image: TestImage): Promise<void> {
  const send = async (method: string, path: string, type: string, bytes: Uint8Array): Promise<void> => {
    async function* body(): AsyncGenerator<Uint8Array, void, void> {
      yield bytes
    }
    const headers = { 'content-type': type, 'content-length': String(bytes.byteLength) }
    const { status } = await registry({ method, url: `${url}/v2/app/${path}`, headers, body: body() })
    if (status !== 201) throw new Error(`Cannot fill the registry: found status ${status}, expected 201`)
  }
  for (const [digest, bytes] of image.blobs) {
    if (digest !== image.manifest.digest)
      await send('POST', `blobs/uploads/?digest=${digest}`, 'application/octet-stream', bytes)
  }
  await send('PUT', 'manifests/latest', image.manifest.mediaType, image.manifestBytes)
}
