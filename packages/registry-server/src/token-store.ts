import type { Access } from './access.ts'

/** What a token stands for. */
export interface Grant {
  /** `undefined` for an anonymous token. */
  readonly user: string | undefined
  readonly access: readonly Access[]
}

/** Tokens that were given out. */
export interface TokenStore {
  issue(grant: Grant, lifeMs: number): string
  /** What the token stands for, until it expires. */
  find(token: string): Grant | undefined
}

/** The most tokens that are kept; the oldest are forgotten first. */
const MAX_TOKENS = 10_000

/** Creates a store of random tokens in memory. */
export function createTokenStore(now: () => number): TokenStore {
  const tokens = new Map<string, Grant & { readonly expiresAtMs: number }>()
  return {
    issue(grant, lifeMs) {
      const bytes = crypto.getRandomValues(new Uint8Array(24))
      const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
      tokens.set(token, { ...grant, expiresAtMs: now() + lifeMs })
      const oldest = tokens.keys().next()
      if (tokens.size > MAX_TOKENS && oldest.done !== true) tokens.delete(oldest.value)
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
