import type { AbortOptions } from '@drayage/bytes'

/** A user's login at one registry. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token, to exchange for access tokens. */
  | { readonly identityToken: string; readonly username?: string }
  /** Sent as it is. */
  | { readonly registryToken: string }

/** What a source of credentials is asked with. */
export interface CredentialOptions extends AbortOptions {
  /** The repository's path, for logins that are good for a part of a registry. */
  readonly path?: string
  /** The registry that was meant, when `host` is another: that of a mirror. */
  readonly mirrorOf?: string
}

/**
 * Gives the user's credentials for a registry: `host` is the domain of a reference in normal form, such as `docker.io` or
 * `localhost:5000`. `undefined` when there are none. Asked only after a registry wants some.
 */
export type CredentialSource = (host: string, options?: CredentialOptions) => Promise<Credentials | undefined>
