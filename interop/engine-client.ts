import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** A client of the Engine API on a socket, for tests that need many. */
export interface EngineClient {
  /** Sends a request; resolves to its status and the whole text of its answer. */
  ask(method: string, path: string, options?: AskOptions): Promise<EngineAnswer>
}

/** Options of {@link EngineClient.ask}. */
export interface AskOptions {
  /** A stream, or bytes that go out together with the head. */
  readonly body?: AsyncIterable<Uint8Array> | Uint8Array | string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** An answer that was read to its end. */
export interface EngineAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** From the sending to the last byte. */
  readonly milliseconds: number
}

/** Opens a client; each request has a connection of its own. */
export function engineClient(socketPath: string): EngineClient {
  return {
    async ask(method, path, { body, headers = {}, signal } = {}) {
      const startedAt = performance.now()
      const sent = request({
        socketPath,
        method,
        path,
        headers,
        agent: false,
        ...(signal === undefined ? {} : { signal }),
      })
      const answered = once(sent, 'response')
      if (body === undefined) sent.end()
      else if (typeof body === 'string' || body instanceof Uint8Array) sent.end(body)
      else
        Readable.from(body)
          .on('error', () => {})
          .pipe(sent)
      const [response]: IncomingMessage[] = await answered
      let text = ''
      if (response !== undefined) for await (const chunk of response) text += String(chunk)
      const { statusCode: status = 0, headers: received } = response ?? { headers: {} }
      return { status, headers: received, text, milliseconds: performance.now() - startedAt }
    },
  }
}
