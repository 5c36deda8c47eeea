import type { ByteStream } from '@drayage/bytes'

/** A request as clients send it and handlers take it. */
export interface HttpRequest {
  readonly method: string
  /** Absolute; a handler only looks at path and query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: ByteStream
  readonly signal?: AbortSignal | undefined
}

/** A response; its body is read to the end or closed by whoever receives it. */
export interface HttpResponse {
  readonly status: number
  /** Names in lower case; several values of one name are joined by `, `, except `set-cookie`, which is dropped. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: ByteStream
}

/**
 * HTTP as one function: a transport, a handler, or a wrapper that adds retry, credentials or logging. It does not follow
 * redirects and does not undo content encodings.
 */
export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>
