import type { HttpClient } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'
import { serve } from '@drayage/registry-server/node'
import type { TestImage, TestIndex } from '@drayage/testkit'

import { fillStorage } from '../fill-storage.ts'

/** A registry in this process that remembers what it sent. */
export interface CountingRegistry extends AsyncDisposable {
  readonly host: string
  /** Puts an image under a tag, such as `app:1`. */
  publish(name: string, image: TestImage | TestIndex): Promise<void>
  /** The digests that were asked for with GET since the last call. */
  takeRequests(): readonly string[]
  /** Lets each transfer of a blob wait for what this returns; `undefined` for none. */
  onTransfer: (() => Promise<void>) | undefined
}

/** Starts a registry on loopback. */
export async function startCountingRegistry(): Promise<CountingRegistry> {
  const storage = createMemoryStorage()
  const handler = createRegistryHandler({ storage })
  let requests: string[] = []
  const counting: HttpClient = async (request) => {
    const digest = /\/(?:blobs|manifests)\/(sha256:[0-9a-f]{64})$/.exec(new URL(request.url).pathname)?.[1]
    const isGet = request.method === 'GET' && digest !== undefined
    if (isGet) requests.push(digest)
    const isOfBlob = isGet && request.url.includes('/blobs/')
    if (isOfBlob || ['PATCH', 'POST'].includes(request.method)) await registry.onTransfer?.()
    return await handler(request)
  }
  const server = await serve(counting, { graceMs: 0 })
  const registry: CountingRegistry = {
    host: server.host,
    async publish(full, image) {
      const [name = '', tag = ''] = full.split(':')
      const children = 'images' in image ? image.images : []
      for (const each of children) await fillStorage(storage, { name, tags: [], image: each })
      await fillStorage(storage, { name, tags: [tag], image })
    },
    takeRequests() {
      const taken = requests
      requests = []
      return taken
    },
    onTransfer: undefined,
    [Symbol.asyncDispose]: () => server.close(),
  }
  return registry
}

/** The blobs among requested digests that were there already. */
export function fetchedAgain(requests: readonly string[], there: ReadonlySet<string>): Digest[] {
  return requests.filter((digest): digest is Digest => there.has(digest))
}
