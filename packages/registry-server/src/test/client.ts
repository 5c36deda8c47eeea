import { collect, fromBytes } from '@drayage/bytes'
import type { HttpClient } from '@drayage/content'
import { digestOf, type Digest } from '@drayage/digest'

/** A response whose body was read. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
  readonly text: string
}

/** What to send besides method and path. */
export interface Extra {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  readonly signal?: AbortSignal
}

/** Sends requests to a handler. */
export interface TestClient {
  send(method: string, path: string, extra?: Extra): Promise<Reply>
  /** Pushes a blob whole. */
  pushBlob(repository: string, content: Uint8Array | string): Promise<Digest>
}

export function createTestClient(handler: HttpClient): TestClient {
  const send: TestClient['send'] = async (method, path, { headers = {}, body, signal } = {}) => {
    const stream = body === undefined ? {} : { body: fromBytes(body) }
    const url = `http://registry.test${path}`
    const response = await handler({ method, url, headers, signal, ...stream })
    const bytes = await collect(response.body, { maxBytes: 64 * 1024 * 1024 })
    return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) }
  }
  return {
    send,
    async pushBlob(repository, content) {
      const digest = digestOf(content)
      const reply = await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content })
      if (reply.status !== 201) throw new Error(`Cannot push blob: found status ${reply.status}, expected 201`)
      return digest
    },
  }
}

/** The spec's code in an error's body. */
export function codeOf(reply: Reply): unknown {
  return JSON.parse(reply.text).errors[0].code
}
