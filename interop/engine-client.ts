import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** A client of the Engine API on a socket, for tests that need many. */
export interface EngineClient {
  /** Sends a request; resolves to its status and the whole text of its answer. */
  ask(method: string, path: string, options?: AskOptions): Promise<EngineAnswer>
}

/** Options of {@link EngineClient.ask}. */
export interface AskOptions {
  readonly body?: AsyncIterable<Uint8Array>
  readonly signal?: AbortSignal
}

/** An answer that was read to its end. */
export interface EngineAnswer {
  readonly status: number
  readonly text: string
  /** From the sending to the last byte. */
  readonly milliseconds: number
}

/** Opens a client; each request has a connection of its own. */
export function engineClient(socketPath: string): EngineClient {
  return {
    async ask(method, path, { body, signal } = {}) {
      const startedAt = performance.now()
      const sent = request({ socketPath, method, path, agent: false, ...(signal === undefined ? {} : { signal }) })
      const answered = once(sent, 'response')
      if (body === undefined) sent.end()
      else
        Readable.from(body)
          .on('error', () => {})
          .pipe(sent)
      const [response]: IncomingMessage[] = await answered
      let text = ''
      if (response !== undefined) for await (const chunk of response) text += String(chunk)
      return { status: response?.statusCode ?? 0, text, milliseconds: performance.now() - startedAt }
    },
  }
}
