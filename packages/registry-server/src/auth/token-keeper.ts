import type { Access } from './access.ts'
import { stampOf, type Users } from './users.ts'

/** What a token stands for. */
export interface TokenGrant {
  /** `undefined` for an anonymous token. */
  readonly user: string | undefined
  readonly access: readonly Access[]
}

/** Issues tokens that carry what they stand for, and keeps none of them. */
export interface TokenKeeper {
  issue(grant: TokenGrant, lifeMs: number): Promise<string>
  /** What a token of this keeper stands for, until it expires, or until its user is gone or has another password. */
  read(token: string): Promise<TokenGrant | undefined>
}

/** Options of {@link createTokenKeeper}. */
export interface TokenKeeperOptions {
  readonly users: Users
  readonly now: () => number
}

interface Payload {
  readonly user?: string
  /** What the password of the user was then. */
  readonly stamp?: string | undefined
  readonly access: readonly (readonly [type: Access['type'], name: string, action: string])[]
  readonly until: number
}

const HMAC = { name: 'HMAC', hash: 'SHA-256' }

/** Creates a keeper with a key of its own, so that its tokens end with it. */
export function createTokenKeeper({ users, now }: TokenKeeperOptions): TokenKeeper {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const key = crypto.subtle.importKey('raw', secret, HMAC, false, ['sign', 'verify'])
  /** What tells that a user has the same password still; it tells nothing of the password. */
  const sealedStamp = async (user: string): Promise<string | undefined> => {
    const stamp = await stampOf(users, user)
    return stamp === undefined
      ? undefined
      : toText(await crypto.subtle.sign('HMAC', await key, bytesOf(`stamp ${JSON.stringify([user, stamp])}`)))
  }
  return {
    async issue({ user, access }, lifeMs) {
      const payload: Payload = {
        ...(user !== undefined && { user }),
        ...(user !== undefined && { stamp: await sealedStamp(user) }),
        access: access.map(({ type, name, action }) => [type, name, action] as const),
        until: now() + lifeMs,
      }
      const body = toText(bytesOf(JSON.stringify(payload)))
      return `${body}.${toText(await crypto.subtle.sign('HMAC', await key, bytesOf(body)))}`
    },
    async read(token) {
      const [body = '', seal = '', ...rest] = token.split('.')
      const signature = fromText(seal)
      if (signature === undefined || rest.length > 0) return undefined
      if (!(await crypto.subtle.verify('HMAC', await key, signature, bytesOf(body)))) return undefined
      // Only what this keeper wrote has its signature.
      const { user, stamp, access, until }: Payload = JSON.parse(new TextDecoder().decode(fromText(body)))
      if (until <= now()) return undefined
      if (user !== undefined && (stamp === undefined || stamp !== (await sealedStamp(user)))) return undefined
      return { user, access: access.map(([type, name, action]) => ({ type, name, action })) }
    },
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** Base64 for URLs. @see RFC 4648, section 5 */
function toText(bytes: ArrayBuffer | Uint8Array): string {
  const text = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('')
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function fromText(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined
  try {
    return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
  } catch (error) {
    if (error instanceof DOMException) return undefined
    throw error
  }
}
