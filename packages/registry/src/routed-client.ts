import type { HttpRequest, HttpResponse } from '@drayage/content'

/** A response that tells which URL gave it, after redirects. */
export interface RoutedResponse extends HttpResponse {
  readonly url: string
}

/** An `HttpClient` that follows redirects and whose failures are errors of this package. */
export type RoutedClient = (request: HttpRequest) => Promise<RoutedResponse>
