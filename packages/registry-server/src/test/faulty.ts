import { createMemoryStore, type HttpClient } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'
import { randomBytes } from '@drayage/testkit'

import type { Fault } from '../faults/fault.ts'
import { type FaultEvent, withFaults, type WithFaultsOptions } from '../faults/with-faults.ts'
import { createRegistryHandler } from '../handler/handler.ts'
import { createMemoryStorage } from '../storage/memory-storage.ts'
import { createTestClient, type TestClient } from './client.ts'

/** A registry with a blob and an image, once behind faults and once without. */
export interface FaultyRegistry {
  readonly handler: HttpClient
  /** Goes through the faults. */
  readonly client: TestClient
  /** Goes past them. */
  readonly plain: TestClient
  readonly events: readonly FaultEvent[]
  /** 1000 bytes in repository `a`. */
  readonly content: Uint8Array
  readonly digest: Digest
  /** Of the config of `a:1`. */
  readonly config: Digest
  readonly manifest: Digest
  /** Begins an upload past the faults, holding `held`. */
  begin(held?: string): Promise<string>
}

export const content: Uint8Array = randomBytes('faults', 1000)

export async function startFaulty(
  faults: readonly Fault[],
  options: WithFaultsOptions & { readonly wrap?: (registry: HttpClient) => HttpClient } = {},
): Promise<FaultyRegistry> {
  const registry = createRegistryHandler({ storage: createMemoryStorage({ content: createMemoryStore() }) })
  const plain = createTestClient(registry)
  const digest = await plain.pushBlob('a', content)
  const config = await plain.pushBlob('a', '{}')
  const type = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: content.byteLength }],
  })
  const put = await plain.send('PUT', '/v2/a/manifests/1', { headers: { 'content-type': type }, body: manifest })
  if (put.status !== 201) throw new Error(`Cannot push manifest: found ${put.status}, expected 201`)
  const events: FaultEvent[] = []
  const { wrap = (handler) => handler, ...rest } = options
  const handler = withFaults(wrap(registry), faults, { onFault: (event) => events.push(event), ...rest })
  return {
    handler,
    client: createTestClient(handler),
    plain,
    events,
    content,
    digest,
    config,
    manifest: digestOf(manifest),
    async begin(held) {
      const location = (await plain.send('POST', '/v2/a/blobs/uploads/')).headers['location'] ?? ''
      if (held !== undefined) await plain.send('PATCH', location, { body: held })
      return location
    },
  }
}
