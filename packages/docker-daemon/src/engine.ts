import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'

import type { AbortOptions, ByteStream } from '@drayage/bytes'

import type { DockerHost } from './docker-host.ts'
import { DockerConnectionError } from './errors.ts'

/** Certificates and keys, in PEM. */
export interface DockerTls {
  /** Authorities that may have signed the engine's certificate; those that Node trusts by default. */
  readonly ca?: string
  /** The client's certificate, for an engine that asks for one. */
  readonly cert?: string
  /** The key of `cert`. */
  readonly key?: string
}

/** An engine and how to reach it. */
export interface Engine {
  /** As the user named it, for messages. */
  readonly name: string
  readonly host: DockerHost
  readonly tls: DockerTls
  readonly silenceTimeoutMs: number
}

/** A request to an engine. */
export interface EngineRequest extends AbortOptions {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** What is being done, such as `ask`, for messages. */
  readonly action: string
  /** That of the engine by default. */
  readonly silenceTimeoutMs?: number
}

/** A request that is open, and its answer once its head is here. */
export interface OpenRequest {
  readonly request: ClientRequest
  /** Rejects with a DockerConnectionError, or the signal's reason. */
  readonly response: Promise<IncomingMessage>
  /** Starts or stops counting how long the engine is silent: the time that its client takes does not count. */
  watch(isWatched: boolean): void
  /** What an error of the connection stands for: the signal's reason, the silence, or the loss of the connection. */
  failure(error: unknown): unknown
}

/** Opens a connection of its own and begins a request, whose body the caller writes and ends. */
export function openRequest(engine: Engine, asked: EngineRequest): OpenRequest {
  const { method, path, headers = {}, action, signal } = asked
  const { silenceTimeoutMs = engine.silenceTimeoutMs } = asked
  signal?.throwIfAborted()
  // A connection for each request: the engine may close an idle one at any time.
  const common: RequestOptions = { method, path, headers, agent: false, ...(signal !== undefined && { signal }) }
  const request = start(engine, common)
  let isWatched = true
  let silent: DockerConnectionError | undefined
  const silence = (): void => {
    if (!isWatched) return
    silent = new DockerConnectionError(engine.name, action, `it was silent for ${silenceTimeoutMs / 1000} s`)
    request.destroy(silent)
  }
  request.once('socket', (socket) => socket.setTimeout(isWatched ? silenceTimeoutMs : 0).on('timeout', silence))
  const failure = (error: unknown): unknown => {
    if (signal?.aborted === true) return signal.reason
    // The answer only says that its connection was cut.
    return silent ?? connectionError(engine.name, action, error)
  }
  const { promise: response, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  request.on('response', resolve).on('error', (error) => reject(failure(error)))
  request.on('close', () => reject(failure(new Error('the connection was closed'))))
  response.catch(() => {})
  return {
    request,
    response,
    failure,
    watch(isOn) {
      isWatched = isOn
      request.socket?.setTimeout(isOn ? silenceTimeoutMs : 0)
    },
  }
}

/** Sends a request without a body and waits for the head of its answer. */
export async function ask(engine: Engine, asked: EngineRequest): Promise<Answer> {
  const open = openRequest(engine, asked)
  open.request.end()
  return answerOf(open, await open.response)
}

/** The answer of an engine. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Single-use; stopping early closes the connection. Throws when the answer is cut. */
  readonly body: ByteStream
}

/** An answer whose head is here. */
export function answerOf(open: OpenRequest, response: IncomingMessage): Answer {
  return { status: response.statusCode ?? 0, headers: response.headers, body: bodyOf(open, response) }
}

async function* bodyOf(open: OpenRequest, response: IncomingMessage): ByteStream {
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      open.watch(false)
      yield chunk
      open.watch(true)
    }
  } catch (error) {
    throw open.failure(error)
  } finally {
    open.request.destroy()
  }
}

function start({ host, tls }: Engine, common: RequestOptions): ClientRequest {
  if (host.kind === 'unix') return requestHttp({ ...common, socketPath: host.path })
  const { hostname, port } = host
  return host.isTls ? requestHttps({ ...common, ...tls, hostname, port }) : requestHttp({ ...common, hostname, port })
}

function connectionError(name: string, action: string, cause: unknown): DockerConnectionError {
  const errno = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
  const text = cause instanceof Error && cause.message !== '' ? cause.message : (errno ?? String(cause))
  return new DockerConnectionError(name, action, text, { cause, ...(errno !== undefined && { errno }) })
}
