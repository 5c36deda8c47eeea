import { collect, encodeText, fromBytes } from '@drayage/bytes'
import { writeBlob, type HttpRequest, type HttpResponse } from '@drayage/content'
import { digestHex, digestOf, type Digest } from '@drayage/digest'
import { decodeManifest, MEDIA_TYPES, schema1EmptyLayer, schema1Payload, signSchema1 } from '@drayage/manifest'
import { describe as describeBytes, type TestLayer } from '@drayage/testkit'

import { refusal, testRegistry, type TestRegistry } from './test-registry.ts'

/** A step of a schema 1 manifest: its layer, and members of its `v1Compatibility` beside its ID and parent. */
export interface TestStep {
  readonly layer?: TestLayer | undefined
  readonly v1?: Readonly<Record<string, unknown>>
}

/** A manifest in schema 1, signed. */
export interface TestSchema1 {
  readonly digest: Digest
  readonly payload: Uint8Array
  readonly signed: Uint8Array
}

/** The ID of a step, counted from the top. */
export const stepId = (index: number): string => digestHex(digestOf(`step ${index}`))

/** Signs a manifest of steps, top to bottom; a step without layer is one that is thrown away. */
export async function buildSchema1(
  steps: readonly TestStep[],
  members: Readonly<Record<string, unknown>> = {},
): Promise<TestSchema1> {
  const history = steps.map(({ layer, v1 }, index) => ({
    v1Compatibility: JSON.stringify({
      id: stepId(index),
      ...(index < steps.length - 1 && { parent: stepId(index + 1) }),
      created: '2015-01-02T03:04:05Z',
      docker_version: '1.9.1',
      ...(layer === undefined && { throwaway: true }),
      ...v1,
    }),
  }))
  const fsLayers = steps.map(({ layer }) => ({ blobSum: layer?.descriptor.digest ?? digestOf(schema1EmptyLayer()) }))
  const value = { schemaVersion: 1, name: 'repo', tag: 'v1', architecture: 'amd64', fsLayers, history, ...members }
  const payload = encodeText(JSON.stringify(value, null, 3))
  return { digest: digestOf(payload), payload, signed: await signSchema1(payload) }
}

/** A registry that serves bytes as schema 1 under `repo:v1`, and keeps the schema 1 that it is given by its path. */
export interface Schema1Registry extends TestRegistry {
  readonly received: Map<string, Uint8Array>
  /** What the registry answers to schema 1 that it is given; `201` by default. */
  refuses: HttpResponse | undefined
}

/** Starts a registry with these layers in `repo`. */
export async function schema1Registry(
  signed: Uint8Array,
  layers: readonly TestLayer[],
  names: { readonly digest: Digest; readonly mediaType?: string },
): Promise<Schema1Registry> {
  const registry = await testRegistry()
  const repository = registry.client.repository('registry.test/repo')
  const empty = describeBytes(MEDIA_TYPES.dockerLayerGzip, schema1EmptyLayer())
  await writeBlob(repository, empty, schema1EmptyLayer())
  for (const { descriptor, bytes } of layers) await writeBlob(repository, descriptor, bytes)
  registry.requests.length = 0
  const received = new Map<string, Uint8Array>()
  const serve = ({ method, url }: HttpRequest): HttpResponse => {
    const path = url.replace(/.*\/v2\//, '')
    const isOwn = ['v1', names.digest, payloadDigest(signed)].some((name) => path === `repo/manifests/${name}`)
    const bytes = received.get(path) ?? (isOwn ? signed : undefined)
    if (bytes === undefined) return refusal(404, 'MANIFEST_UNKNOWN')
    const headers = {
      'content-type': names.mediaType ?? MEDIA_TYPES.schema1Signed,
      'content-length': String(bytes.byteLength),
      'docker-content-digest': bytes === signed ? names.digest : decodeManifest(bytes).descriptor.digest,
    }
    return { status: 200, headers, body: method === 'HEAD' ? fromBytes() : fromBytes(bytes) }
  }
  const take = async (request: HttpRequest): Promise<HttpResponse> => {
    if (all.refuses !== undefined) return all.refuses
    const bytes = await collect(request.body ?? fromBytes(), { maxBytes: 2 ** 22 })
    const { digest } = decodeManifest(bytes).descriptor
    const path = request.url.replace(/.*\/v2\//, '')
    received.set(path, bytes).set(path.replace(/[^/]*$/, digest), bytes)
    return { status: 201, headers: { 'docker-content-digest': digest }, body: fromBytes() }
  }
  const all: Schema1Registry = Object.assign(registry, { received, refuses: undefined })
  registry.fault = (request, next) => {
    const { url, method, headers } = request
    if (!url.includes('/manifests/')) return undefined
    if (method === 'PUT') return headers['content-type'] === MEDIA_TYPES.schema1Signed ? take(request) : undefined
    const path = new URL(url).pathname
    const isOwn = path.startsWith('/v2/repo/') || received.has(path.replace('/v2/', ''))
    return isOwn ? serveOr(request, next) : undefined
  }
  const serveOr = async (request: HttpRequest, next: (each: HttpRequest) => Promise<HttpResponse>) => {
    const answer = serve(request)
    return answer.status === 404 ? await next(request) : answer
  }
  return all
}

/** The digest of what is signed, where anything is. */
function payloadDigest(signed: Uint8Array): Digest | undefined {
  try {
    return digestOf(schema1Payload(signed))
  } catch {
    return undefined
  }
}
