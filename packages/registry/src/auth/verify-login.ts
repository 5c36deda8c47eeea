import type { AbortOptions } from '@drayage/bytes'

import { discardBody } from '../http/body.ts'
import type { Credentials } from './credentials.ts'
import { expectStatus } from '../endpoints/answer.ts'
import { openEndpoint, type OpenEndpointOptions } from '../endpoints/endpoint.ts'
import type { RegistryEndpoint } from '../endpoints/registry-endpoint.ts'

/** What a registry gives for credentials that it accepts. */
export interface CheckedLogin {
  /** A token of its token server, to be stored in place of the password. */
  readonly identityToken?: string
}

/**
 * Asks a registry whether it accepts credentials. They are sent only after it asks for some; a registry that asks for none
 * accepts all.
 *
 * @throws RegistryUnauthorizedError `ERR_REGISTRY_UNAUTHORIZED`
 * @throws UrlRefusedError `ERR_URL_REFUSED` for a token server that may not see them
 */
export async function verifyLogin(
  spec: RegistryEndpoint,
  domain: string,
  credentials: Credentials,
  options: OpenEndpointOptions & AbortOptions,
): Promise<CheckedLogin> {
  let identityToken: string | undefined
  const endpoint = openEndpoint(spec, domain, {
    ...options,
    credentials: async () => credentials,
    onIdentityToken: (token) => (identityToken = token),
  })
  const sent = await endpoint.send({ method: 'GET', path: '/v2/', signal: options.signal })
  const { response } = await expectStatus(sent, 200)
  await discardBody(response)
  return identityToken === undefined ? {} : { identityToken }
}
