import type { HttpClient, HttpResponse } from '@drayage/content'
import { MEDIA_TYPES } from '@drayage/manifest'
import type { TestImage, TestIndex } from '@drayage/testkit'

/** A request that Docker Engine refuses, and perhaps `drayd` too. */
export interface Refusal {
  /** Unique; it also names the repository of this case. */
  readonly what: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /**
   * Below `/v1.41`, unless it has a version. `{repository}` is the repository of this case with its registry, `{known}` an
   * image that both daemons have.
   */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** What the repository holds under the tag `1`, whether or not a registry would take it. */
  readonly image?: TestImage | TestIndex | undefined
  /** Answers requests below the repository, such as `manifests/1`, instead of the image. */
  readonly answer?: ((path: string, method: string) => HttpResponse | undefined) | undefined
  /** The row of the table of differences in packages/engine-api/README.md that allows other answers. */
  readonly differs?: string
  /** Whether only the status may differ, and the words may not; `false` by default. */
  readonly hasSameWords?: boolean
}

/** The repository of a case. */
export function repositoryOf({ what }: Refusal): string {
  return `refusal/${what.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}x`
}

/** An answer of a registry. */
export function reply(
  status: number,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  const bytes = Buffer.from(body)
  return {
    status,
    headers: { 'content-length': String(bytes.byteLength), ...headers },
    body: (async function* () {
      yield bytes
    })(),
  }
}

/** An error of a registry. @see OCI distribution-spec v1.1.1, "Error Codes" */
export function problem(status: number, code: string, message: string): HttpResponse {
  return reply(status, JSON.stringify({ errors: [{ code, message, detail: {} }] }), {
    'content-type': 'application/json',
  })
}

/** A registry of the repositories of all cases, which checks nothing; other requests go to `handler`. */
export function refusingRegistry(cases: readonly Refusal[], handler: HttpClient): HttpClient {
  const byRepository = new Map(cases.map((each) => [repositoryOf(each), each]))
  return async (request) => {
    const [, repository = '', rest = ''] = /^\/v2\/(refusal\/[^/]+)\/(.+)$/.exec(new URL(request.url).pathname) ?? []
    const found = byRepository.get(repository)
    if (found === undefined) return await handler(request)
    const response = found.answer?.(rest, request.method) ?? imageReply(found.image, rest)
    return request.method === 'HEAD' ? { ...response, body: (async function* () {})() } : response
  }
}

function imageReply(image: TestImage | TestIndex | undefined, rest: string): HttpResponse {
  if (image === undefined) return problem(404, 'NAME_UNKNOWN', 'repository name not known to registry')
  const [kind, name = ''] = rest.split('/')
  const digest = name === '1' ? image.manifest.digest : name
  const bytes = [...image.blobs].find(([each]) => each === digest)?.[1]
  if (bytes === undefined && kind === 'manifests') return problem(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
  if (bytes === undefined) return problem(404, 'BLOB_UNKNOWN', 'blob unknown to registry')
  const type = kind === 'manifests' ? mediaTypeOf(bytes) : 'application/octet-stream'
  return reply(200, bytes, { 'content-type': type, 'docker-content-digest': digest })
}

function mediaTypeOf(bytes: Uint8Array): string {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString())
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'mediaType') : undefined
  return typeof found === 'string' ? found : MEDIA_TYPES.ociManifest
}
