import type { HttpClient } from '@drayage/content'
import {
  basicAuth,
  createRegistryHandler,
  DEFAULT_LIMITS,
  localHostOnly,
  sweepUploads,
  tokenAuth,
  type Allow,
} from '@drayage/registry-server'
import { openRegistryStorage, type Runtime } from '@drayage/runtime'

import type { Config } from '../config/config.ts'
import { ConfigError } from '../errors.ts'
import { isLoopback, parseHost } from '../listen/parse-host.ts'
import { openHtpasswd } from './htpasswd-file.ts'

/** How often unfinished uploads are swept, in milliseconds. */
const SWEEP_EVERY_MS = 3_600_000

/** The registry endpoint of a daemon. Disposing it ends its sweeps. */
export interface ServedRegistry extends Disposable {
  readonly handler: HttpClient
  /** Reads its users again. @throws ConfigError `ERR_DAEMON_CONFIG`; they stay as they were */
  reload(): Promise<void>
}

/** What stands between clients and the registry. */
export interface RegistryGuard {
  wrap(registry: HttpClient): HttpClient
  /** Reads the users again. @throws ConfigError `ERR_DAEMON_CONFIG` */
  reload(): Promise<void>
}

/**
 * Opens the registry endpoint over the store: users of the htpasswd file may do everything, others what the configuration
 * allows: by default they may pull on this machine, and nobody may push, since the store is that of the sockets of the
 * Engine API, which only their group may use.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function openRegistryEndpoint(
  runtime: Runtime,
  config: Config,
  onError: (error: unknown) => void,
): Promise<ServedRegistry> {
  const guard = await guardOf(config, onError)
  const storage = await openRegistryStorage(runtime)
  const sweep = setInterval(
    () => void sweepUploads(storage, { olderThanMs: DEFAULT_LIMITS.uploadLifeMs }).catch(onError),
    SWEEP_EVERY_MS,
  ).unref()
  return {
    reload: guard.reload,
    handler: guard.wrap(
      createRegistryHandler({
        storage,
        onError,
        readOnly: isReadOnly(config),
        sparse: config.isOn('registry.sparse'),
        schema1: !config.isOn('registry.refuse-schema1'),
        // Whoever may push may read every repository.
        mountsFromAny: true,
      }),
    ),
    [Symbol.dispose]: () => clearInterval(sweep),
  }
}

/** Whether nobody may push: nobody has a login, and the configuration does not let others write to the store. */
function isReadOnly(config: Config): boolean {
  return config.text('registry.htpasswd') === undefined && config.text('registry.anonymous') !== 'push'
}

/**
 * Wraps a registry in what checks its users and what others may do.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function guardOf(config: Config, onError: (error: unknown) => void = () => {}): Promise<RegistryGuard> {
  const host = parseHost(config.text('registry.host') ?? '')
  if (host.kind !== 'tcp') throw new ConfigError('Cannot use registry.host: expected tcp://ADDRESS:PORT')
  const file = config.text('registry.htpasswd')
  const isLocal = isLoopback(host.address)
  const anonymous = config.text('registry.anonymous') ?? (isLocal && file === undefined ? 'pull' : 'none')
  if (file === undefined && anonymous === 'none') {
    throw new ConfigError('Cannot serve the registry: no user could use it', {
      hint: 'Set registry.htpasswd, or registry.anonymous to pull or push.',
    })
  }
  if (file !== undefined && !isLocal && config.text('registry.tls-cert') === undefined) {
    throw new ConfigError('Cannot serve the registry: passwords would cross the network unencrypted', {
      hint: 'Set registry.tls-cert and registry.tls-key.',
    })
  }
  // Without users, only the guard keeps web pages out.
  const guard = file === undefined && isLocal ? localHostOnly : (registry: HttpClient): HttpClient => registry
  // Without users a challenge would lead nowhere: what is not allowed is unsupported.
  if (file === undefined) return { wrap: guard, reload: async () => {} }
  const realm = config.text('registry.realm')
  const users = await openHtpasswd(file, onError)
  const allow: Allow = async (user, { type, action }) =>
    user !== undefined || anonymous === 'push' || (anonymous === 'pull' && (action === 'pull' || type === 'registry'))
  const auth =
    config.text('registry.auth') === 'token'
      ? tokenAuth({ users, allow, ...(realm === undefined ? {} : { realm }) })
      : basicAuth({ users, allow })
  return { wrap: (registry) => guard(auth(registry)), reload: users.reload }
}
