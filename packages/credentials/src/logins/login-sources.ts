import { join } from 'node:path'

import type { LoginFileForm } from './login-file.ts'

/** A place where logins may be. */
export type LoginSource =
  | { readonly kind: 'text'; readonly path: string; readonly text: string; readonly form: LoginFileForm }
  | { readonly kind: 'file'; readonly path: string; readonly form: LoginFileForm }

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Where {@link loginSources} looks. */
export interface LoginSourcesOptions {
  readonly env: Environment
  /** The user's home directory. */
  readonly home: string
  /** The user's number on systems that have one. */
  readonly uid: number | undefined
}

/**
 * The places of logins, in the order in which they are asked: `DOCKER_AUTH_CONFIG` (which names no helpers, so that an
 * environment variable starts no program), `REGISTRY_AUTH_FILE`, podman's `containers/auth.json` at run time and in the
 * user's configuration, docker's `config.json`, and the old `.dockercfg`.
 */
export function loginSources({ env, home, uid }: LoginSourcesOptions): LoginSource[] {
  const sources: LoginSource[] = []
  const file = (path: string, form: LoginFileForm = 'config'): void => void sources.push({ kind: 'file', path, form })
  const authConfig = variable(env, 'DOCKER_AUTH_CONFIG')
  if (authConfig !== undefined) {
    sources.push({ kind: 'text', path: '$DOCKER_AUTH_CONFIG', text: authConfig, form: 'logins-only' })
  }
  const authFile = variable(env, 'REGISTRY_AUTH_FILE')
  if (authFile !== undefined) file(authFile)
  const runtime = variable(env, 'XDG_RUNTIME_DIR')
  if (runtime !== undefined) file(join(runtime, 'containers', 'auth.json'))
  else if (uid !== undefined) file(join('/run/containers', String(uid), 'auth.json'))
  file(join(variable(env, 'XDG_CONFIG_HOME') ?? join(home, '.config'), 'containers', 'auth.json'))
  file(dockerConfigFile({ env, home }))
  file(join(home, '.dockercfg'), 'legacy')
  return sources
}

/** Where docker keeps its logins. */
export function dockerConfigFile({ env, home }: Pick<LoginSourcesOptions, 'env' | 'home'>): string {
  return join(variable(env, 'DOCKER_CONFIG') ?? join(home, '.docker'), 'config.json')
}

function variable(env: Environment, name: string): string | undefined {
  const value = env[name]
  return value === '' ? undefined : value
}
