import { raceSignal, type AbortOptions } from '@drayage/bytes'
import { createTransferManager } from '@drayage/transfer'

import type { WithheldLogin } from '../gate/credential-gate.ts'
import { TOKEN_RENEW_AT } from '../limits.ts'

/** A way to authorise requests of one scope, derived from a challenge. */
export interface Grant {
  /** Tells grants apart that answer different challenges. */
  readonly id: string
  /** Whether it was obtained with the user's credentials. */
  readonly usesCredentials: () => boolean
  /** The login that it was not obtained with, although there is one. */
  readonly withheld?: () => WithheldLogin | undefined
  /** The same without the user's credentials, where that is possible. */
  readonly anonymous?: () => Grant
  /** The value for `Authorization`, a new one instead of `refused`; `undefined` without one. */
  header(options: AbortOptions & { readonly refused?: string | undefined }): Promise<string | undefined>
}

/** A value for `Authorization`. */
export interface Authorization {
  readonly value: string
  /** In milliseconds from its arrival. */
  readonly lifeMs: number
  /** Whether it was obtained with the user's credentials. */
  readonly usesCredentials: boolean
}

/** What {@link createGrant} is made of. */
export interface GrantParts {
  readonly id: string
  readonly find: (signal: AbortSignal) => Promise<Authorization | undefined>
  /** Monotonic, in milliseconds. */
  readonly now: () => number
}

/**
 * Creates a grant. Requests that need its value at the same time share the search for it; a caller whose signal fires
 * leaves at once, and the last one cancels it. A value is renewed after 80 % of its life, and used to its end when that
 * fails.
 */
export function createGrant({ id, find, now }: GrantParts): Grant {
  const searches = createTransferManager<never>()
  let held: (Authorization & { readonly arrivedAtMs: number }) | undefined
  const renew = async (options: AbortOptions): Promise<string | undefined> => {
    options.signal?.throwIfAborted()
    const search = searches.run(
      '',
      async ({ signal }) => {
        const found = await find(signal)
        held = found === undefined ? undefined : { ...found, arrivedAtMs: now() }
        return found?.value
      },
      options,
    )
    return await raceSignal(search, options)
  }
  return {
    id,
    usesCredentials: () => held?.usesCredentials === true,
    header: async ({ signal, refused }) => {
      const current = held
      const ageMs = current === undefined ? 0 : now() - current.arrivedAtMs
      const isGood = current !== undefined && ageMs < current.lifeMs && current.value !== refused
      if (isGood && ageMs < current.lifeMs * TOKEN_RENEW_AT) return current.value
      try {
        return await renew({ signal })
      } catch (error) {
        signal?.throwIfAborted()
        if (isGood) return current.value
        throw error
      }
    },
  }
}
