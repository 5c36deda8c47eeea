import { homedir } from 'node:os'

import type { Credentials, CredentialSource } from '@drayage/registry'
import { createSharedCache } from '@drayage/transfer'

import { CredentialsHelperError } from './errors.ts'
import { askHelper } from './helpers/call-helper.ts'
import { entryCredentials, helpersFor, type LoginFile } from './logins/login-file.ts'
import { helperServer, keysFor } from './logins/login-key.ts'
import { type Environment, loginSources } from './logins/login-sources.ts'
import { readLoginFile } from './logins/login-file-access.ts'

/** Options of {@link createCredentialSource}. */
export interface CredentialSourceOptions {
  /** The environment, which says where files are and is passed to helpers; `process.env` by default. */
  readonly env?: Environment
  /** The user's home directory; that of the process by default. */
  readonly home?: string
  /** How long a helper may take, in milliseconds; 30 000 by default. */
  readonly helperTimeoutMs?: number
  /** How long files and the answers of helpers are kept, in milliseconds; 600 000 by default. */
  readonly cacheMs?: number
  /**
   * Called with the error of a broken helper, which then counts as a host without a login, so that public images can still
   * be pulled; no other place is asked. Without it the source rejects.
   */
  readonly onBrokenHelper?: (error: CredentialsHelperError) => void
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

/**
 * Creates a source of the user's logins. The first place that has one for the host wins; within a file the host's own
 * helper comes first, then the helper for all hosts, then the logins in the file, those for a longer path first. Hosts are compared whole.
 *
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE` from the source, when a file that is reached cannot be used
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER` from the source, when a helper that is reached is broken
 */
export function createCredentialSource(options: CredentialSourceOptions = {}): CredentialSource {
  const { env = process.env, home = homedir(), helperTimeoutMs: timeoutMs = 30_000, cacheMs = 600_000 } = options
  const { onBrokenHelper, now = Date.now } = options
  const places = loginSources({ env, home, uid: process.getuid?.() })
  const files = createSharedCache<LoginFile | undefined>({ maxAgeMs: cacheMs, now })
  const answers = createSharedCache<Credentials | undefined>({ maxAgeMs: cacheMs, now })

  const ask = (helper: string, host: string, signal: AbortSignal | undefined): Promise<Credentials | undefined> => {
    const server = helperServer(host)
    return answers.get(`${helper}\n${server}`, (own) => askHelper(helper, { server, env, timeoutMs, signal: own }), {
      signal,
    })
  }

  const search: CredentialSource = async (host, { path, signal } = {}) => {
    const keys = keysFor(host, path)
    for (const place of places) {
      const file = await files.get(place.path, () => readLoginFile(place), { signal })
      if (file === undefined) continue
      for (const helper of helpersFor(file, keys)) {
        const found = await ask(helper, host, signal)
        if (found !== undefined) return found
      }
      const found = fromLogins(file, keys)
      if (found !== undefined) return found
    }
    return undefined
  }

  return async (host, call = {}) => {
    call.signal?.throwIfAborted()
    try {
      return await search(host, call)
    } catch (error) {
      if (onBrokenHelper === undefined || !(error instanceof CredentialsHelperError)) throw error
      onBrokenHelper(error)
      return undefined
    }
  }
}

function fromLogins(file: LoginFile, keys: readonly string[]): Credentials | undefined {
  for (const key of keys) {
    const entry = file.logins.get(key)
    const found = entry === undefined ? undefined : entryCredentials(file.path, key, entry)
    if (found !== undefined) return found
  }
  return undefined
}
