import { fromBytes, type AbortOptions, type ByteStream } from '@drayage/bytes'

import type { BodyOptions } from './body.ts'
import { RegistryUnreachableError, type RequestFacts } from './errors.ts'
import { errorOfAnswer } from './error-of-answer.ts'
import type { OnRegistryEvent } from './events.ts'
import { redactUrl } from './redact-url.ts'
import { reportHeaders } from './report-headers.ts'
import type { RoutedClient, RoutedRequest, RoutedResponse } from './routed-client.ts'
import type { UrlGateOptions } from './url-gate.ts'

/** A request below `/v2/`. */
export interface EndpointRequest extends AbortOptions {
  readonly method: string
  /** Path and query, from `/v2/` on, already encoded. */
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

/** A registry's host. */
export interface Endpoint {
  readonly host: string
  readonly onEvent: OnRegistryEvent
  readonly gate: UrlGateOptions
  /** Where it is asked, as far as that is known. */
  origin(): URL
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
  readonly isPlainHttp: boolean
  readonly userAgent: string
  /** Headers of every request to the host. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly now: () => number
  readonly onEvent: OnRegistryEvent
}

/**
 * An endpoint that speaks https. A host of plain http is first asked by http and, when it turns out not to speak it, by
 * https; what answers first is kept. There is no way from https to http.
 */
export function createEndpoint(options: EndpointOptions): Endpoint {
  const { host, client, userAgent, now, onEvent } = options
  let scheme: 'http' | 'https' | undefined = options.isPlainHttp ? undefined : 'https'

  const sendBy = async (by: 'http' | 'https', request: EndpointRequest): Promise<Answer> => {
    const base = `${by}://${host}`
    const scopeUrl = request.scopePath === undefined ? undefined : base + request.scopePath
    const headers = { ...options.headers, ...request.headers }
    return await exchange(client, new URL(base + request.path), { ...request, headers }, scopeUrl)
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
    if (scheme !== undefined) return await sendBy(scheme, request)
    const plain = await outcome(sendBy('http', request))
    if (plain.ok && !(await wantsHttps(plain.value))) {
      scheme = 'http'
      return plain.value
    }
    if (!plain.ok && !maySpeakHttps(plain.error, host)) throw plain.error
    const secure = await outcome(sendBy('https', request))
    if (secure.ok) scheme = 'https'
    if (secure.ok) return secure.value
    request.signal?.throwIfAborted()
    throw plain.ok ? secure.error : plain.error
  }
  return {
    host,
    onEvent,
    gate: options.gate,
    origin: () => new URL(`${scheme ?? (options.isPlainHttp ? 'http' : 'https')}://${host}`),
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

/** Others close the connection, or are found at the other default port only. */
function maySpeakHttps(error: unknown, host: string): boolean {
  if (!(error instanceof RegistryUnreachableError)) return false
  const hasDefaultPort = URL.parse(`http://${host}`)?.port === '' && !host.endsWith(':80')
  return error.reason === 'reset' || error.reason === 'protocol' || (error.reason === 'refused' && hasDefaultPort)
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
