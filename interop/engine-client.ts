import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'

/** A client of the Engine API on a socket, for tests that need many. */
export interface EngineClient {
  /** Sends a request; resolves to its status and the whole text of its answer. */
  ask(method: string, path: string, signal?: AbortSignal): Promise<EngineAnswer>
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
    async ask(method, path, signal) {
      const startedAt = performance.now()
      const sent = request({ socketPath, method, path, agent: false, ...(signal === undefined ? {} : { signal }) })
      sent.end()
      const [response]: IncomingMessage[] = await once(sent, 'response')
      let text = ''
      if (response !== undefined) for await (const chunk of response) text += String(chunk)
      return { status: response?.statusCode ?? 0, text, milliseconds: performance.now() - startedAt }
    },
  }
}
