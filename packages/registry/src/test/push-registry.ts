import { fromBytes, type ByteStream } from '@drayage/bytes'
import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { digestOf } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import {
  createMemoryStorage,
  createRegistryHandler,
  type RegistryHandlerOptions,
  type RegistryStorage,
} from '@drayage/registry-server'
import { randomBytes } from '@drayage/testkit'

import { createRegistryClient, type RegistryClientOptions } from '../client.ts'
import type { RepositoryClient } from '../repository-client.ts'

/** Answers a request in place of the registry, or changes its answer; `undefined` leaves it as it is. */
export type Fault = (request: HttpRequest, next: HttpClient) => Promise<HttpResponse> | undefined

/** A registry in memory at `registry.example`, with faults on its wire and a log of what it was asked. */
export interface PushRegistry {
  readonly http: HttpClient
  readonly storage: RegistryStorage
  readonly repository: RepositoryClient
  readonly requests: HttpRequest[]
  /** The fault that requests meet now. */
  fault: Fault | undefined
  /** Method and kind of each request since the last call, such as `PATCH upload`. */
  steps(): string[]
  /** Another client of the same registry, as of another process. */
  client(options?: Partial<RegistryClientOptions>): RepositoryClient
}

export const HOST = 'registry.example'

/** Starts it. */
export function pushRegistry(
  options: Partial<RegistryClientOptions> = {},
  handlerOptions: Partial<RegistryHandlerOptions> = {},
  wrap: (handler: HttpClient) => HttpClient = (handler) => handler,
): PushRegistry {
  const storage = createMemoryStorage()
  const handler = wrap(createRegistryHandler({ storage, ...handlerOptions }))
  const requests: HttpRequest[] = []
  let told = 0
  const http: HttpClient = async (request) => {
    requests.push(request)
    return await (registry.fault?.(request, handler) ?? handler(request))
  }
  const client = (more: Partial<RegistryClientOptions> = {}): RepositoryClient =>
    createRegistryClient({ http, ...options, ...more }).repository(`${HOST}/team/app`)
  const registry: PushRegistry = {
    http,
    storage,
    repository: client(),
    requests,
    fault: undefined,
    steps: () => requests.slice(told, (told = requests.length)).map(stepOf),
    client,
  }
  return registry
}

/** Method and kind of a request. */
export function stepOf({ method, url }: HttpRequest): string {
  const { pathname } = new URL(url)
  const kind = /\/blobs\/uploads\/?$/.test(pathname)
    ? 'uploads'
    : (/\/(?:blobs\/)?(uploads|blobs|manifests|referrers|tags|token)\b/.exec(pathname)?.[1] ?? pathname)
  return `${method} ${kind === 'uploads' && !pathname.endsWith('/uploads/') ? 'upload' : kind}`
}

/** Bytes with their descriptor. */
export function blobOf(seed: number, length: number): { readonly what: Descriptor; readonly bytes: Uint8Array } {
  const bytes = randomBytes(seed, length)
  return { what: { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: length }, bytes }
}

/** The bytes from `offset` on, in chunks of 64 KiB. */
export async function* chunked(bytes: Uint8Array, offset = 0, chunkBytes = 65_536): ByteStream {
  for (let at = offset; at < bytes.byteLength; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** Pushes bytes as an orchestration does: what fails and may pass is tried again from the ingest's offset. */
export async function pushAll(
  repository: RepositoryClient,
  what: Descriptor,
  bytes: Uint8Array,
  options: { readonly size?: number; readonly attempts?: number } = {},
): Promise<number> {
  const { attempts = 5, ...begin } = options
  for (let attempt = 1; ; attempt++) {
    try {
      await using ingest = await repository.begin(what.digest, begin)
      if (ingest.offset < what.size) await ingest.append(chunked(bytes, ingest.offset))
      await ingest.commit(what)
      return attempt
    } catch (error) {
      const isRetryable = error instanceof Error && 'retryable' in error && error.retryable === true
      if (!isRetryable || attempt === attempts) throw error
    }
  }
}

/** Whether the registry holds these bytes in `team/app`. */
export async function holds({ storage }: PushRegistry, what: Descriptor): Promise<boolean> {
  return (await storage.blobs.find('team/app', what.digest)) !== undefined && (await storage.content.has(what))
}

/** A connection that breaks after `count` bytes of the body have reached the registry. */
export async function resetAfter(request: HttpRequest, next: HttpClient, count: number): Promise<HttpResponse> {
  async function* cut(): ByteStream {
    let left = count
    for await (const chunk of request.body ?? fromBytes()) {
      if (left <= 0) break
      yield chunk.subarray(0, left)
      left -= chunk.byteLength
    }
    throw new Error('the connection is gone')
  }
  await next({ ...request, body: cut() })
  throw new Error('ECONNRESET')
}
