import type { ByteStream } from '@drayage/bytes'
import type { HttpRequest, HttpResponse } from '@drayage/content'

/** A request with what authorising it may need. */
export interface RoutedRequest extends HttpRequest {
  /** Gives the body once more; a request with a body that cannot be given again is sent once. */
  readonly replay?: (() => ByteStream) | undefined
  /** The URL that tells what the request needs, where its own does not, as that of an upload. */
  readonly scopeUrl?: string | undefined
}

/** A response that tells which URL gave it, after redirects. */
export interface RoutedResponse extends HttpResponse {
  readonly url: string
}

/** An `HttpClient` that follows redirects and whose failures are errors of this package. */
export type RoutedClient = (request: RoutedRequest) => Promise<RoutedResponse>
