import { jsonResponse, type HttpResponse } from '@drayage/content'

import type { Failure } from '../failures/failure.ts'
import { formatApiVersion, MAX_API_VERSION } from './api-version.ts'

/** The answer to a request that failed before any other answer. */
export function failureResponse({ status, message }: Failure): HttpResponse {
  return jsonResponse(status, { message })
}

/** Adds the headers by which clients negotiate. */
export function withEngineHeaders(response: HttpResponse): HttpResponse {
  const headers = {
    'api-version': formatApiVersion(MAX_API_VERSION),
    'docker-experimental': 'false',
    ostype: 'linux',
    server: 'Drayage (linux)',
    ...response.headers,
  }
  return { ...response, headers }
}
