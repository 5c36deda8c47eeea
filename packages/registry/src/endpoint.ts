import { fromBytes, type AbortOptions, type ByteStream } from '@drayage/bytes'

import type { BodyOptions } from './body.ts'
import { RegistryUnreachableError, type RequestFacts } from './errors.ts'
import { errorOfAnswer } from './error-of-answer.ts'
import type { OnRegistryEvent } from './events.ts'
import { redactUrl } from './redact-url.ts'
import { reportHeaders } from './report-headers.ts'
import type { RoutedClient, RoutedRequest, RoutedResponse } from './routed-client.ts'
import type { UrlGateOptions } from './url-gate.ts'

/** How a server is spoken to. */
export type Scheme = 'http' | 'https'

/** A request below `/v2/`. */
export interface EndpointRequest extends AbortOptions {
  readonly method: string
  /** Path and query, from `/v2/` on, already encoded; another path is one of the server's own. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A body; one of bytes is sent again when a 401 wants that. */
  readonly content?: Uint8Array | ByteStream | undefined
  /** The path that tells what the request needs, where its own does not. */
  readonly scopePath?: string | undefined
}

/** A request to another host, without credentials. */
export interface AwayRequest extends Omit<EndpointRequest, 'path' | 'scopePath'> {
  /** It passed the gate. */
  readonly url: URL
}

/** An answer with what its reader needs. */
export interface Answer {
  readonly response: RoutedResponse
  /** For errors and for reading the body. */
  readonly body: BodyOptions
  /** The URL that was asked, before redirects. */
  readonly url: URL
}

/** A registry's host, or a mirror's. */
export interface Endpoint {
  readonly host: string
  readonly onEvent: OnRegistryEvent
  readonly gate: UrlGateOptions
  /** Where it is asked, as far as that is known. */
  origin(): URL
  /** The path of a URL of this endpoint as {@link EndpointRequest} has it. */
  pathOf(url: URL): string
  /** Sends a request to another host that the registry named. */
  sendAway(request: AwayRequest): Promise<Answer>
  send(request: EndpointRequest): Promise<Answer>
}

/** What an endpoint is made of. */
export interface EndpointOptions {
  /** Host and optional port. */
  readonly host: string
  readonly client: RoutedClient
  /** Without credentials. */
  readonly anonymous: RoutedClient
  readonly gate: UrlGateOptions
  /** The one to begin with, and the one to try where that one is not spoken. */
  readonly schemes: readonly [Scheme] | readonly [Scheme, Scheme]
  /** The path of its API; `/v2` by default. */
  readonly basePath?: string
  /** Added to requests as `ns=`. */
  readonly namespace?: string | undefined
  /** Headers for its requests. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly userAgent: string
  readonly now: () => number
  readonly onEvent: OnRegistryEvent
}

/**
 * An endpoint of one scheme, or of two: then it is first asked by the first and, when it turns out not to speak it, by the
 * second; what answers first is kept. There is no way from https to http once https has answered.
 */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { host, client, userAgent, now, onEvent, basePath = '/v2' } = options
  const [first, second] = options.schemes
  let scheme: Scheme | undefined = second === undefined ? first : undefined

  const sendBy = async (by: Scheme, request: EndpointRequest): Promise<Answer> => {
    const origin = `${by}://${host}`
    const scopePath = request.scopePath ?? (basePath === '/v2' ? undefined : request.path)
    const scopeUrl = scopePath === undefined ? undefined : origin + scopePath
    const headers = { ...options.headers, ...request.headers }
    return await exchange(client, urlOf(origin, request.path), { ...request, headers }, scopeUrl)
  }

  const urlOf = (origin: string, path: string): URL => {
    const url = new URL(origin + (path.startsWith('/v2/') ? basePath + path.slice('/v2'.length) : path))
    if (options.namespace !== undefined) url.searchParams.set('ns', options.namespace)
    return url
  }

  const exchange = async (
    through: RoutedClient,
    url: URL,
    request: Omit<AwayRequest, 'url'>,
    scopeUrl?: string,
  ): Promise<Answer> => {
    const { method, signal } = request
    const headers = { 'accept-encoding': 'identity', 'user-agent': userAgent, ...request.headers }
    const response = await through({ method, url: url.href, headers, signal, scopeUrl, ...bodyOf(request.content) })
    reportHeaders(host, response.headers, onEvent)
    const facts: RequestFacts = { method, url: redactUrl(url) }
    return { response, url, body: { facts, now, signal } }
  }

  const send = async (request: EndpointRequest): Promise<Answer> => {
    if (scheme !== undefined || second === undefined) return await sendBy(scheme ?? first, request)
    const begun = await outcome(sendBy(first, request))
    if (begun.ok && !(first === 'http' && (await wantsHttps(begun.value)))) {
      scheme = first
      return begun.value
    }
    if (!begun.ok && !maySpeakOther(begun.error, first, host)) throw begun.error
    const other = await outcome(sendBy(second, request))
    if (other.ok) scheme = second
    if (other.ok) return other.value
    request.signal?.throwIfAborted()
    throw begun.ok ? other.error : begun.error
  }
  return {
    host,
    onEvent,
    gate: options.gate,
    origin: () => new URL(`${scheme ?? first}://${host}`),
    pathOf: ({ pathname, search }) =>
      (pathname.startsWith(`${basePath}/`) ? `/v2${pathname.slice(basePath.length)}` : pathname) + search,
    send,
    sendAway: (request) => exchange(options.anonymous, request.url, request),
  }
}

function bodyOf(content: Uint8Array | ByteStream | undefined): Pick<RoutedRequest, 'body' | 'replay'> {
  if (content === undefined) return {}
  if (!(content instanceof Uint8Array)) return { body: content }
  const replay = (): ByteStream => fromBytes(content)
  return { body: replay(), replay }
}

type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

async function outcome<T>(work: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work }
  } catch (error) {
    return { ok: false, error }
  }
}

/** Servers that want TLS answer a plain request with 400 and a sentence, Go's and nginx's among them. */
async function wantsHttps(answer: Answer): Promise<boolean> {
  const { response, body } = answer
  if (response.status !== 400 || response.headers['docker-distribution-api-version'] !== undefined) return false
  const error = await errorOfAnswer(response, answer.url.origin, body)
  if (/\bHTTPS (server|port)\b/.test(error.message)) return true
  throw error
}

/**
 * Whether a failure may come from a server that speaks the other scheme: it closes the connection, talks in another way, or
 * is found at the other default port only.
 */
function maySpeakOther(error: unknown, scheme: Scheme, host: string): boolean {
  if (!(error instanceof RegistryUnreachableError)) return false
  const { reason } = error
  if (scheme === 'https' && (reason === 'tls' || reason === 'connect-timeout' || reason === 'no-route')) return true
  const hasDefaultPort = URL.parse(`${scheme}://${host}`)?.port === '' && !/:(80|443)$/.test(host)
  return reason === 'reset' || reason === 'protocol' || (reason === 'refused' && hasDefaultPort)
}

/** The answer, when its status is one of `statuses`; else its error is thrown. */
export async function expectStatus(answer: Answer, ...statuses: readonly number[]): Promise<Answer> {
  if (statuses.includes(answer.response.status)) return answer
  throw await errorOfAnswer(answer.response, answer.url.origin, answer.body)
}

/** Whether the answer comes from another origin than the one that was asked. */
export function isElsewhere(answer: Answer): boolean {
  return new URL(answer.response.url).origin !== answer.url.origin
}
