import type { AbortOptions } from '@drayage/bytes'

import { TOKEN_RENEW_AT } from './limits.ts'
import { singleFlight } from './single-flight.ts'
import type { Token } from './token.ts'

/** A way to authorise requests of one scope, found out from a challenge. */
export interface Grant {
  /** Tells grants apart that answer different challenges. */
  readonly id: string
  /** Whether the user's credentials are behind it. */
  readonly usesCredentials: () => boolean
  /**
   * The value for `Authorization`; `undefined` when there is none to give. With `refused`, a value that the registry has
   * just refused, another one.
   */
  /** The same without the user's credentials, where that is possible. */
  readonly anonymous?: () => Grant
  header(options: AbortOptions & { readonly refused?: string | undefined }): Promise<string | undefined>
}

/** A grant of one value that never changes. */
export function fixedGrant(id: string, find: (signal: AbortSignal) => Promise<string | undefined>): Grant {
  let known: { readonly value: string | undefined } | undefined
  const load = singleFlight(find)
  return {
    id,
    usesCredentials: () => known?.value !== undefined,
    header: async ({ signal, refused }) => {
      if (known === undefined || known.value === refused) known = { value: await load({ signal }) }
      return known.value === refused ? undefined : known.value
    },
  }
}

/** A token with whether the user's credentials are behind it. */
export interface GrantedToken extends Token {
  readonly usesCredentials: boolean
}

/** How tokens are got. */
export interface TokenGrantOptions {
  readonly id: string
  readonly fetch: (signal: AbortSignal) => Promise<GrantedToken>
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/**
 * A grant of tokens. One request at a time asks for one; a token is renewed after 80 % of its life, and is used to its
 * end when that fails.
 */
export function tokenGrant(options: TokenGrantOptions): Grant {
  const { id, now } = options
  let held: (GrantedToken & { readonly arrivedAtMs: number }) | undefined
  const renew = singleFlight(async (signal) => {
    const token = await options.fetch(signal)
    held = { ...token, arrivedAtMs: now() }
    return held
  })
  const header = (token: Token): string => `Bearer ${token.text}`
  return {
    id,
    usesCredentials: () => held?.usesCredentials === true,
    header: async ({ signal, refused }) => {
      const current = held
      const ageMs = current === undefined ? 0 : now() - current.arrivedAtMs
      const isGood = current !== undefined && ageMs < current.lifeMs && header(current) !== refused
      if (isGood && ageMs < current.lifeMs * TOKEN_RENEW_AT) return header(current)
      try {
        return header(await renew({ signal }))
      } catch (error) {
        signal?.throwIfAborted()
        if (isGood) return header(current)
        throw error
      }
    },
  }
}
