import { homedir } from 'node:os'

import type { CredentialOptions } from '@drayage/registry'

import { askHelper, callHelper, TOKEN_USER, type CallHelperOptions } from './helpers/call-helper.ts'
import { helpersFor } from './logins/login-file.ts'
import { helperServer, keysFor, normalHost, normalKey } from './logins/login-key.ts'
import { dockerConfigFile, type Environment } from './logins/login-sources.ts'
import { editLoginFile, readLoginFile, type JsonMembers } from './logins/login-file-access.ts'

/** A login to store: a password, or the token that a registry gave in its place. */
export type UserLogin =
  | { readonly username: string; readonly password: string }
  | { readonly username: string; readonly identityToken: string }

/** Options of a change. */
export type StoreOptions = Pick<CredentialOptions, 'signal'>

/** Where a login was stored. */
export interface StoredLogin {
  /** docker's `config.json`. */
  readonly path: string
  /** The helper that has the secret; without one it is in the file. */
  readonly helper?: string
}

/** Keeps logins where docker keeps them. */
export interface LoginStore {
  /**
   * Stores the login of a host, replacing an earlier one: with the host's helper, else the helper for all hosts, else in the
   * file.
   *
   * @throws RangeError for a user name with a colon, which separates it from the password
   * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
   * @throws CredentialsWriteError `ERR_CREDENTIALS_WRITE`
   */
  store(host: string, login: UserLogin, options?: StoreOptions): Promise<StoredLogin>
  /** Forgets the login of a host, also in its helpers. Resolves to whether there was one. */
  erase(host: string, options?: StoreOptions): Promise<boolean>
}

/** Options of {@link createLoginStore}. */
export interface LoginStoreOptions {
  /** The environment, which says where the file is and is passed to helpers; `process.env` by default. */
  readonly env?: Environment
  /** The user's home directory; that of the process by default. */
  readonly home?: string
  /** How long a helper may take, in milliseconds; 30 000 by default. */
  readonly helperTimeoutMs?: number
}

/** Creates the store of logins in docker's `config.json` and the helpers that it names. */
export function createLoginStore(options: LoginStoreOptions = {}): LoginStore {
  const { env = process.env, home = homedir(), helperTimeoutMs: timeoutMs = 30_000 } = options
  const path = dockerConfigFile({ env, home })
  const helpersOf = async (host: string): Promise<readonly string[]> => {
    const file = await readLoginFile({ kind: 'file', path, form: 'config' })
    return file === undefined ? [] : helpersFor(file, keysFor(host, undefined))
  }
  const call = (host: string, { signal = new AbortController().signal }: StoreOptions): CallHelperOptions => ({
    server: helperServer(host),
    env,
    timeoutMs,
    signal,
  })
  return {
    async store(host, login, options = {}) {
      options.signal?.throwIfAborted()
      if (login.username.includes(':')) {
        throw new RangeError('Cannot store login: the user name holds a colon')
      }
      const [helper] = await helpersOf(host)
      if (helper === undefined) {
        await editLoginFile(path, (members) => withEntry(members, host, fileEntry(login)))
        return { path }
      }
      const called = call(host, options)
      await callHelper(helper, 'store', JSON.stringify(helperEntry(called.server, login)), called)
      // As docker does, so that its own `logout` knows of it.
      await editLoginFile(path, (members) => withEntry(members, host, {}))
      return { path, helper }
    },
    async erase(host, options = {}) {
      options.signal?.throwIfAborted()
      let wasThere = false
      for (const helper of await helpersOf(host)) {
        const called = call(host, options)
        if ((await askHelper(helper, called)) === undefined) continue
        await callHelper(helper, 'erase', called.server, called)
        wasThere = true
      }
      await editLoginFile(path, (members) => {
        const kept = authsOf(members).filter(([key]) => normalKey(key) !== normalHost(host))
        if (kept.length === authsOf(members).length) return undefined
        wasThere = true
        return new Map(members).set('auths', Object.fromEntries(kept))
      })
      return wasThere
    },
  }
}

/** The document with one login for the host, under the key that docker gives it. */
function withEntry(members: JsonMembers, host: string, entry: object): JsonMembers {
  const others = authsOf(members).filter(([key]) => normalKey(key) !== normalHost(host))
  return new Map(members).set('auths', Object.fromEntries([...others, [helperServer(host), entry]]))
}

function authsOf(members: JsonMembers): [string, unknown][] {
  const auths = members.get('auths')
  return typeof auths === 'object' && auths !== null ? Object.entries(auths) : []
}

function fileEntry(login: UserLogin): object {
  const isToken = 'identityToken' in login
  const auth = Buffer.from(`${login.username}:${isToken ? '' : login.password}`).toString('base64')
  return isToken ? { auth, identitytoken: login.identityToken } : { auth }
}

function helperEntry(server: string, login: UserLogin): object {
  return 'identityToken' in login
    ? { ServerURL: server, Username: TOKEN_USER, Secret: login.identityToken }
    : { ServerURL: server, Username: login.username, Secret: login.password }
}
