import { collect, fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve, type RequestEvent } from '@drayage/registry-server/node'
import type { TestImage, TestIndex } from '@drayage/testkit'

/** A registry on a loopback port. */
export interface TestRegistry extends AsyncDisposable {
  /** Such as `127.0.0.1:5000`. */
  readonly host: string
  /** The requests that were answered so far. */
  readonly requests: RequestEvent[]
  /** The same, as the method and the last part of the path of those for blobs. */
  blobRequests(): string[]
  /** Fills a repository and gives it a tag; resolves to the name of the image, with the host. */
  push(repository: string, tag: string, image: TestImage | TestIndex): Promise<string>
}

/** Starts an empty registry; `wrap` may change what it answers. */
export async function startRegistry(
  wrap: (handler: HttpClient) => HttpClient = (handler) => handler,
): Promise<TestRegistry> {
  const handler = createRegistryHandler({ storage: createMemoryStorage() })
  const requests: RequestEvent[] = []
  const server = await serve(wrap(handler), { onRequest: (event) => requests.push(event), graceMs: 0 })
  const send = async (method: string, path: string, bytes: Uint8Array, mediaType: string): Promise<void> => {
    const headers = { 'content-type': mediaType }
    const response = await handler({ method, url: `http://registry.test${path}`, headers, body: fromBytes(bytes) })
    const body = await collect(response.body, { maxBytes: 65_536 })
    if (response.status !== 201) throw new Error(`Cannot fill the registry: ${new TextDecoder().decode(body)}`)
  }
  return {
    host: server.host,
    requests,
    blobRequests: () =>
      requests
        .filter(({ path }) => path.includes('/blobs/'))
        .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`),
    async push(repository, tag, image) {
      const manifests = manifestsOf(image)
      const isManifest = new Set<Digest>(manifests.map(({ descriptor }) => descriptor.digest))
      for (const [digest, bytes] of image.blobs) {
        if (isManifest.has(digest)) continue
        await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, bytes, 'application/octet-stream')
      }
      for (const { descriptor, bytes } of manifests) {
        await send('PUT', `/v2/${repository}/manifests/${descriptor.digest}`, bytes, descriptor.mediaType)
      }
      await send('PUT', `/v2/${repository}/manifests/${tag}`, image.manifestBytes, image.manifest.mediaType)
      return `${server.host}/${repository}:${tag}`
    },
    [Symbol.asyncDispose]: () => server.close(),
  }
}

/** The manifests of an image, those that others refer to first. */
function manifestsOf(image: TestImage | TestIndex): { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[] {
  const own = { descriptor: image.manifest, bytes: image.manifestBytes }
  return 'images' in image ? [...image.images.flatMap(manifestsOf), own] : [own]
}
