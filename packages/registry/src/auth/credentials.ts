import type { AbortOptions } from '@drayage/bytes'

/** A user's login at one registry. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  /** A refresh token, to exchange for access tokens. */
  | { readonly identityToken: string; readonly username?: string }
  /** Sent as it is. */
  | { readonly registryToken: string }

/** Options of a {@link CredentialSource}. */
export interface CredentialOptions extends AbortOptions {
  /** The repository's path, for logins that are good for a part of a registry. */
  readonly path?: string
  /** The registry that the request is for, when `host` is a mirror of it. */
  readonly mirrorOf?: string
}

/**
 * Gives the user's credentials for a registry: `host` is the domain of a reference in normal form, such as `docker.io` or
 * `localhost:5000`; `undefined` when the user has none. Called only after a registry asks for credentials, or says that it
 * does not have what it was asked for, which some say to all without a login.
 */
export type CredentialSource = (host: string, options?: CredentialOptions) => Promise<Credentials | undefined>
