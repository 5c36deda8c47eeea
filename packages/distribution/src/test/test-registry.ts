import type { ByteStream } from '@drayage/bytes'
import { writeBlob, type HttpClient, type HttpRequest, type HttpResponse } from '@drayage/content'
import { decodeManifest, manifestKind, type Descriptor } from '@drayage/manifest'
import { createRegistryClient, type RegistryClient } from '@drayage/registry'
import { createMemoryStorage, createRegistryHandler, type RegistryStorage } from '@drayage/registry-server'
import type { TestImage, TestIndex } from '@drayage/testkit'

/** Answers a request in place of the registry, or changes its answer; `undefined` leaves it as it is. */
export type Fault = (request: HttpRequest, next: HttpClient) => Promise<HttpResponse> | undefined

/** A registry in memory at `registry.test`, with faults on its wire and a log of what it was asked. */
export interface TestRegistry {
  readonly client: RegistryClient
  readonly storage: RegistryStorage
  /** `GET /v2/repo/blobs/sha256:…`, without version checks. */
  readonly requests: string[]
  /** The `Range` headers of blob requests. */
  readonly ranges: string[]
  /** The fault that requests meet now. */
  fault: Fault | undefined
  /** Requests for blobs in the log. */
  blobRequests(): string[]
}

export async function testRegistry(
  ...images: readonly (readonly [name: string, tag: string, image: TestImage | TestIndex])[]
): Promise<TestRegistry> {
  const storage = createMemoryStorage()
  for (const [name, tag, image] of images) await push(storage, name, tag, image)
  const handler = createRegistryHandler({ storage })
  const requests: string[] = []
  const ranges: string[] = []
  const http: HttpClient = async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/v2/') requests.push(`${request.method} ${pathname}`)
    if (request.headers['range'] !== undefined) ranges.push(request.headers['range'])
    return await (registry.fault?.(request, handler) ?? handler(request))
  }
  const registry: TestRegistry = {
    client: createRegistryClient({ http }),
    storage,
    requests,
    ranges,
    fault: undefined,
    blobRequests: () => requests.filter((line) => line.includes('/blobs/')),
  }
  return registry
}

/** Puts an image or index with all that it has into a repository, and tags it. */
export async function push(
  storage: RegistryStorage,
  repository: string,
  tag: string,
  { manifest, blobs }: TestImage | TestIndex,
): Promise<void> {
  for (const [digest, bytes] of blobs) {
    await writeBlob(storage.content, { mediaType: 'application/octet-stream', digest, size: bytes.byteLength }, bytes)
  }
  const linked = new Set<string>()
  const link = async (what: Descriptor): Promise<void> => {
    const bytes = blobs.get(what.digest)
    if (linked.has(what.digest) || bytes === undefined) return
    linked.add(what.digest)
    const isManifest = manifestKind(what.mediaType) !== undefined
    await (isManifest ? storage.manifests : storage.blobs).link(repository, what)
    if (!isManifest) return
    const decoded = decodeManifest(bytes, { mediaType: what.mediaType })
    if (decoded.kind === 'index') for (const child of decoded.value.manifests) await link(child)
    if (decoded.kind === 'image') for (const child of [decoded.value.config, ...decoded.value.layers]) await link(child)
  }
  await link(manifest)
  await storage.tags.set(repository, tag, manifest.digest)
}

/** A fault on requests for one blob. */
export function onBlob(
  what: Descriptor,
  change: (response: HttpResponse, request: HttpRequest) => HttpResponse,
): Fault {
  return (request, next) =>
    request.url.endsWith(`/blobs/${what.digest}`) && request.method === 'GET'
      ? next(request).then((response) => change(response, request))
      : undefined
}

/** The answer with other bytes. */
export function withBody(response: HttpResponse, change: (body: ByteStream) => ByteStream): HttpResponse {
  return { ...response, body: change(response.body) }
}

/** The connection breaks after `count` bytes of the body. */
export async function* dropAfter(body: ByteStream, count: number): ByteStream {
  let left = count
  for await (const chunk of body) {
    if (chunk.byteLength > left) {
      if (left > 0) yield chunk.subarray(0, left)
      throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    }
    left -= chunk.byteLength
    yield chunk
  }
}

/** Flips all bits of the byte at `position`. */
export async function* flipByte(body: ByteStream, position: number): ByteStream {
  let start = 0
  for await (const chunk of body) {
    const changed = chunk.slice()
    const byte = changed[position - start]
    if (byte !== undefined) changed[position - start] = byte ^ 0xff
    start += chunk.byteLength
    yield changed
  }
}

/** An error answer of a registry, of one code or several. */
export function refusal(
  status: number,
  code: string | readonly string[],
  headers: Record<string, string> = {},
): HttpResponse {
  const errors = [code].flat().map((each) => ({ code: each, message: 'as the test wants' }))
  async function* body(): ByteStream {
    yield new TextEncoder().encode(JSON.stringify({ errors }))
  }
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: body() }
}
