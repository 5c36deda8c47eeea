import { readFile } from 'node:fs/promises'

import type { HttpClient } from '@drayage/content'
import {
  basicAuth,
  createRegistryHandler,
  DEFAULT_LIMITS,
  localHostOnly,
  sweepUploads,
  tokenAuth,
  type Allow,
  type CheckLogin,
} from '@drayage/registry-server'
import { parseHtpasswd } from '@drayage/registry-server/node'
import { openRegistryStorage, type Runtime } from '@drayage/runtime'

import { ConfigError } from '../config-error.ts'
import type { Config } from '../config/config.ts'
import { isLoopback, parseHost } from '../listen/parse-host.ts'

/** How often uploads that nobody finished are swept, in milliseconds. */
const SWEEP_EVERY_MS = 3_600_000

/** The registry endpoint of a daemon. Disposing it ends its sweeps. */
export interface RegistryEndpoint extends Disposable {
  readonly handler: HttpClient
}

/**
 * Opens the registry endpoint over the store: users of an htpasswd file may do everything, others what the configuration
 * says.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function openRegistryEndpoint(
  runtime: Runtime,
  config: Config,
  onError: (error: unknown) => void,
): Promise<RegistryEndpoint> {
  const handler = await withUsers(config)
  const storage = await openRegistryStorage(runtime)
  const sweep = setInterval(
    () => void sweepUploads(storage, { olderThanMs: DEFAULT_LIMITS.uploadLifeMs }).catch(onError),
    SWEEP_EVERY_MS,
  ).unref()
  return {
    handler: handler(createRegistryHandler({ storage, onError })),
    [Symbol.dispose]: () => clearInterval(sweep),
  }
}

/**
 * Users, and what others may do, before a registry.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function withUsers(config: Config): Promise<(registry: HttpClient) => HttpClient> {
  const host = parseHost(config.text('registry.host') ?? '')
  if (host.kind !== 'tcp') throw new ConfigError('Cannot use registry.host: found no tcp://ADDRESS:PORT')
  const file = config.text('registry.htpasswd')
  const isLocal = isLoopback(host.address)
  const anonymous = config.text('registry.anonymous') ?? (isLocal && file === undefined ? 'push' : 'none')
  if (file === undefined && anonymous === 'none') {
    throw new ConfigError(
      'Cannot serve the registry: nobody could use it. Set registry.htpasswd, or registry.anonymous to pull or push',
    )
  }
  if (file !== undefined && !isLocal && config.text('registry.tls-cert') === undefined) {
    throw new ConfigError(
      'Cannot serve the registry: passwords would cross the network in clear. Set registry.tls-cert',
    )
  }
  // Of what has no users, web pages must not be able to make use.
  const guard = file === undefined && isLocal ? localHostOnly : (registry: HttpClient): HttpClient => registry
  if (file === undefined && anonymous === 'push') return guard
  const realm = config.text('registry.realm')
  const users = await readUsers(file)
  const allow: Allow = async (user, { type, action }) =>
    user !== undefined || anonymous === 'push' || (anonymous === 'pull' && (action === 'pull' || type === 'registry'))
  const auth =
    config.text('registry.auth') === 'token'
      ? tokenAuth({ users, allow, ...(realm === undefined ? {} : { realm }) })
      : basicAuth({ users, allow })
  return (registry) => guard(auth(registry))
}

async function readUsers(file: string | undefined): Promise<CheckLogin> {
  const text = file === undefined ? '' : await readText(file)
  try {
    return parseHtpasswd(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`Cannot use ${JSON.stringify(file)}: ${why}`, { cause })
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigError(`Cannot read ${JSON.stringify(file)}: ${why}`, { cause })
  }
}
