import type { AbortOptions } from '@drayage/bytes'

import { RegistryError } from '../errors/answer-errors.ts'
import { RegistryUnreachableError } from '../errors/connection-errors.ts'
import { errorOf, type EndpointAnswer } from './answer.ts'

/** How a server is spoken to. */
export type Scheme = 'http' | 'https'

/** The scheme of a server, found out by asking it. */
export interface SchemeChoice {
  /** The one in use, or the first to try. */
  current(): Scheme
  /** Sends a request by the scheme in use, or, before there is one, by the first and then by the second. */
  send(sendBy: (scheme: Scheme) => Promise<EndpointAnswer>, options: AbortOptions): Promise<EndpointAnswer>
}

/**
 * Chooses between the schemes of a server: the first, and the one to try where the first is not spoken. What answers is
 * kept; once https has answered there is no way to http.
 */
export function chooseScheme(host: string, schemes: readonly [Scheme] | readonly [Scheme, Scheme]): SchemeChoice {
  const [first, second] = schemes
  let known: Scheme | undefined = second === undefined ? first : undefined
  return {
    current: () => known ?? first,
    send: async (sendBy, { signal }) => {
      if (known !== undefined || second === undefined) return await sendBy(known ?? first)
      let failure: unknown
      try {
        const answer = await refuseBadRequest(await sendBy(first), first)
        known = first
        return answer
      } catch (error) {
        if (!maySpeakOther(error, first, host)) throw error
        failure = error
      }
      try {
        const answer = await sendBy(second)
        known = second
        return answer
      } catch (error) {
        signal?.throwIfAborted()
        throw saysMore(error, failure) ? error : failure
      }
    },
  }
}

/** Whether the failure of the second try says more than that of the first: it has reached a server that speaks its scheme. */
function saysMore(second: unknown, first: unknown): boolean {
  const isPlain = first instanceof RegistryUnreachableError && first.errno === 'ERR_SSL_WRONG_VERSION_NUMBER'
  return isPlain || first instanceof RegistryError || !(second instanceof RegistryUnreachableError)
}

/** Throws the error of a 400 to a plain request, unless a registry gave it. */
async function refuseBadRequest(answer: EndpointAnswer, scheme: Scheme): Promise<EndpointAnswer> {
  const { status, headers } = answer.response
  if (scheme === 'http' && status === 400 && headers['docker-distribution-api-version'] === undefined) {
    throw await errorOf(answer)
  }
  return answer
}

/**
 * Whether a failure may come from a server that speaks the other scheme: it says so, as the servers of Go and nginx do, it
 * closes the connection, talks in another way, or is found at the other default port only.
 */
function maySpeakOther(error: unknown, scheme: Scheme, host: string): boolean {
  if (error instanceof RegistryError) return error.status === 400 && /\bHTTPS (server|port)\b/.test(error.said ?? '')
  if (!(error instanceof RegistryUnreachableError)) return false
  const { reason } = error
  if (scheme === 'https' && (reason === 'tls' || reason === 'connect-timeout' || reason === 'no-route')) return true
  const hasDefaultPort = URL.parse(`${scheme}://${host}`)?.port === '' && !/:(80|443)$/.test(host)
  return reason === 'reset' || reason === 'protocol' || (reason === 'refused' && hasDefaultPort)
}
