import { createLruMap } from '@drayage/bytes'

import type { Access } from './access.ts'

/** What a token stands for. */
export interface TokenGrant {
  /** `undefined` for an anonymous token. */
  readonly user: string | undefined
  readonly access: readonly Access[]
}

/** Tokens that were issued. */
export interface TokenStore {
  issue(grant: TokenGrant, lifeMs: number): string
  /** What the token stands for, until it expires. */
  find(token: string): TokenGrant | undefined
}

/** The most tokens that are kept; those used least recently are dropped. */
const MAX_TOKENS = 10_000

/** Creates a store of random tokens in memory. */
export function createTokenStore(now: () => number): TokenStore {
  const tokens = createLruMap<string, TokenGrant & { readonly expiresAtMs: number }>({ maxEntries: MAX_TOKENS })
  return {
    issue(grant, lifeMs) {
      const bytes = crypto.getRandomValues(new Uint8Array(24))
      const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
      tokens.set(token, { ...grant, expiresAtMs: now() + lifeMs })
      return token
    },
    find(token) {
      const grant = tokens.get(token)
      if (grant === undefined || grant.expiresAtMs > now()) return grant
      tokens.delete(token)
      return undefined
    },
  }
}
