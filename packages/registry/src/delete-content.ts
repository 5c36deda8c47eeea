import type { AbortOptions } from '@drayage/bytes'

import { discardBody } from './body.ts'
import { expectStatus, type Endpoint } from './endpoint.ts'

/**
 * Deletes what is at a path. Resolves to whether it was there.
 *
 * @throws RegistryUnsupportedError `ERR_REGISTRY_UNSUPPORTED`
 * @see OCI distribution-spec v1.1.1, "Content Management" (end-9, end-10)
 */
export async function deleteContent(endpoint: Endpoint, path: string, options: AbortOptions = {}): Promise<boolean> {
  const sent = await endpoint.send({ method: 'DELETE', path, signal: options.signal })
  const { response } = sent.response.status === 404 ? sent : await expectStatus(sent, 200, 202, 204)
  await discardBody(response)
  return response.status !== 404
}
