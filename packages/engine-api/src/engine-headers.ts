import type { HttpResponse } from '@drayage/content'

import { formatApiVersion, MAX_API_VERSION } from './api-version.ts'

/** Adds what clients negotiate by to a response. */
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
