import type { HttpClient, HttpRequest, HttpResponse } from '@drayage/content'
import { fromBytes } from '@drayage/bytes'
import { buildImage, buildLayer, randomBytes, type TestImage } from '@drayage/testkit'

/** A registry that holds one image as `repo:v1` of any host, and what it was asked. */
export interface ImageRegistry {
  readonly http: HttpClient
  readonly image: TestImage
  readonly requests: HttpRequest[]
}

/** An answer made of simple parts. */
export function answer(
  status: number,
  headers: Record<string, string> = {},
  ...body: (string | Uint8Array)[]
): HttpResponse {
  return { status, headers, body: fromBytes(...body) }
}

/** The answer of a registry that knows of an error. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): HttpResponse {
  const body = JSON.stringify({ errors: [{ code, message: `it is ${code}` }] })
  return answer(status, { 'content-type': 'application/json', ...headers }, body)
}

/** Bytes that came, joined. */
export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What a source gives, in a list. */
export async function listOf<T>(source: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of source) list.push(item)
  return list
}

/** What `work` rejects with. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return error
  }
  throw new Error('nothing failed')
}

/** The fields of an error, for comparing. */
export async function failureFields(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await failure(work)
  if (!(error instanceof Error)) throw new TypeError('another thing than an error was thrown')
  return { ...error, name: error.name, message: error.message, cause: error.cause }
}

/** Starts a registry with one image of one layer of 200 000 bytes. */
export async function imageRegistry(
  intercept?: (request: HttpRequest) => HttpResponse | undefined,
): Promise<ImageRegistry> {
  const layer = await buildLayer([{ path: 'data', content: randomBytes(1, 200_000) }], { compression: 'none' })
  const image = await buildImage({ layers: [layer] })
  const requests: HttpRequest[] = []
  const http: HttpClient = async (request) => {
    requests.push(request)
    request.signal?.throwIfAborted()
    return intercept?.(request) ?? serveImage(image, request)
  }
  return { http, image, requests }
}

/** Serves an image as a plain registry does. */
export function serveImage(image: TestImage, request: HttpRequest): HttpResponse {
  const { pathname } = new URL(request.url)
  const reference = pathname.split('/').at(-1) ?? ''
  if (pathname.includes('/tags/list'))
    return answer(200, { 'content-type': 'application/json' }, '{"name":"repo","tags":["v1"]}')
  if (pathname.includes('/manifests/')) {
    if (reference !== 'v1' && reference !== image.manifest.digest) return refusal(404, 'MANIFEST_UNKNOWN')
    const headers = {
      'content-type': image.manifest.mediaType,
      'content-length': String(image.manifest.size),
      'docker-content-digest': image.manifest.digest,
    }
    return answer(200, headers, ...(request.method === 'HEAD' ? [] : [image.manifestBytes]))
  }
  const blob = [...image.blobs].find(([digest]) => digest === reference)?.[1]
  if (blob === undefined) return refusal(404, 'BLOB_UNKNOWN')
  const range = /^bytes=(\d+)-$/.exec(request.headers['range'] ?? '')
  if (range === null)
    return answer(200, { 'content-length': String(blob.length) }, ...(request.method === 'HEAD' ? [] : [blob]))
  const from = Number(range[1])
  if (from >= blob.length) return refusal(416, 'RANGE_INVALID')
  const contentRange = `bytes ${from}-${blob.length - 1}/${blob.length}`
  return answer(
    206,
    { 'content-range': contentRange, 'content-length': String(blob.length - from) },
    blob.subarray(from),
  )
}
