import { createHash, createHmac } from 'node:crypto'

import type { Digest } from '@drayage/digest'
import { formatRepository, type Repository } from '@drayage/reference'
import type { Credentials, CredentialSource } from '@drayage/registry'

/** What registries were given to log in with, so that it can be told later whether it was the same. */
export interface UsedLogins {
  /** Gives credentials and remembers which. */
  readonly credentials: CredentialSource
  /**
   * A keyed hash of the credentials that the registry was given, for one digest and repository, so that two of them tell
   * only those who have the credentials that they are the same; `undefined` when none were given.
   */
  markOf(digest: Digest, repository: Repository): string | undefined
  /** Whether a registry asked for credentials and there were none. */
  isAnonymous(domain: string): boolean
}

/** Watches a source of credentials. */
export function watchLogins(source: CredentialSource): UsedLogins {
  const keys = new Map<string, Uint8Array | undefined>()
  return {
    credentials: async (host, options) => {
      const credentials = await source(host, options)
      keys.set(host, credentials === undefined ? undefined : keyOf(credentials))
      return credentials
    },
    markOf: (digest, repository) => {
      const key = keys.get(repository.domain)
      if (key === undefined) return undefined
      return createHmac('sha256', key)
        .update(`${digest}\n${formatRepository(repository)}`)
        .digest('hex')
    },
    isAnonymous: (domain) => keys.has(domain) && keys.get(domain) === undefined,
  }
}

function keyOf(credentials: Credentials): Uint8Array {
  const parts = Object.entries(credentials).toSorted(([one], [two]) => (one < two ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}
