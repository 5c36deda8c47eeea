import { homedir } from 'node:os'

import type { HttpClient } from '@drayage/content'
import { createCredentialSource, createLoginStore, type LoginStore } from '@drayage/credentials'
import type { DockerDaemon } from '@drayage/docker-daemon'
import {
  DEFAULT_CONCURRENT_DOWNLOADS,
  DEFAULT_CONCURRENT_UPLOADS,
  type LayerState,
  type RetryPolicy,
} from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import { parsePlatform } from '@drayage/manifest'
import {
  createRegistryClient,
  type CredentialSource,
  type OnRegistryEvent,
  type RegistryClient,
} from '@drayage/registry'
import type { UndiciClient } from '@drayage/registry/undici'
import { createTransferManager, type TransferManager } from '@drayage/transfer'

import type { UserEnvironment } from './copy/docker-daemon-options.ts'
import { hostPlatform } from './host-platform.ts'
import type { LocalStore } from './store/local-store.ts'
import type { RegistrySettings } from './registry-configuration/load-settings.ts'
import {
  createRegistryConfiguration,
  type RegistryConfiguration,
} from './registry-configuration/registry-configuration.ts'
import { defaultStoreDirectory } from './store/store-directory.ts'
import { createFileSessions, uploadsDirectory } from './remote/upload-sessions.ts'
import { watchLogins, type UsedLogins } from './remote/used-logins.ts'

/** Options of {@link createRuntime}. */
export interface RuntimeOptions {
  /**
   * The environment; that of the process by default. These are read: `DRAYAGE_STORE`, `XDG_DATA_HOME`,
   * `DOCKER_DEFAULT_PLATFORM`, `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in either case, `SSL_CERT_FILE`,
   * `XDG_CONFIG_HOME` and `CONTAINERS_REGISTRIES_CONF`, `DOCKER_HOST`, `DOCKER_CONTEXT`, `DOCKER_TLS_VERIFY`,
   * `DOCKER_CERT_PATH` and `DOCKER_API_VERSION`, and what `createCredentialSource` of `@drayage/credentials` reads, such as
   * `DOCKER_CONFIG`.
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The user's home directory, for the store, logins and configuration; that of the process by default. */
  readonly home?: string
  /** The directory of the machine's configuration; `/etc` by default. */
  readonly etc?: string
  /** Mirrors, insecure registries and where their files are; by default what the user and the machine have. */
  readonly registries?: RegistrySettings
  /** Where the store is; see `defaultStoreDirectory` for the default. */
  readonly storeDirectory?: string
  /** What images must run on; `$DOCKER_DEFAULT_PLATFORM`, else this machine, by default. */
  readonly platform?: Platform
  /** Downloads at a time, of all calls together; 3 by default. */
  readonly maxConcurrentDownloads?: number
  /** Uploads of pushes at a time, of all calls together; 5 by default. */
  readonly maxConcurrentUploads?: number
  /** How failed requests are tried again; see `DEFAULT_RETRY_POLICY` of `@drayage/distribution` for the default. */
  readonly retry?: RetryPolicy
  /** Where credentials come from; by default the logins of docker and podman that the user has. */
  readonly credentials?: CredentialSource
  /** Headers of every request to a registry, such as `x-meta-build`; see `createRegistryClient` of `@drayage/registry`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Sends blobs of more than 4 MiB in chunks of this many bytes, for registries behind proxies that hold requests back; by
   * default in one request, and in chunks only where that fails. See `createRegistryClient` of `@drayage/registry`.
   */
  readonly chunkBytes?: number
  /** Wraps the transport that all requests to registries go through, such as to count their bytes. */
  readonly wrapTransport?: (http: HttpClient) => HttpClient
  /** Tells of what registries say beside their answers. */
  readonly onRegistryEvent?: OnRegistryEvent
}

/**
 * The packages, composed for one program from the user's configuration. Disposing it closes what was opened; calls that
 * are still at work then fail.
 */
export interface Runtime extends AsyncDisposable {
  readonly registry: RegistryClient
  /** The mirrors, insecure hosts and certificates in use; they can be read anew. */
  readonly registries: RegistryConfiguration
  /** The logins of the user. */
  readonly credentials: CredentialSource
  /** Where logins are kept. */
  readonly logins: LoginStore
  /** Tells what registries were given to log in with. */
  readonly usedLogins: UsedLogins
  /** Downloads into the store, shared by all who want the same. */
  readonly transfers: TransferManager<LayerState>
  /** Uploads of pushes. */
  readonly uploads: TransferManager<LayerState>
  readonly platform: Platform
  readonly retry: RetryPolicy | undefined
  readonly storeDirectory: string
  /** Opens the local store at the first call, and after a failure at the next; nothing is created before. */
  openStore(): Promise<LocalStore>
  /** The Docker Engine that the `docker` command would talk to; nothing is connected. */
  openDockerDaemon(): Promise<DockerDaemon>
}

/**
 * Composes registry client, logins, transfers and local store. Neither the network nor the store is touched.
 *
 * @throws PlatformSyntaxError `ERR_PLATFORM_SYNTAX` for a `$DOCKER_DEFAULT_PLATFORM` that is none
 * @throws RangeError for an option that is none
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { env = process.env, home = homedir() } = options
  const registries = createRegistryConfiguration({
    env,
    home,
    etc: options.etc ?? '/etc',
    settings: options.registries ?? {},
  })
  const transport = lazyTransport(env, registries)
  const credentials = options.credentials ?? createCredentialSource({ env, home })
  const send: HttpClient = async (request) => (await transport.open())(request)
  const storeDirectory =
    options.storeDirectory ?? defaultStoreDirectory({ env, home, isRoot: process.getuid?.() === 0 })
  const usedLogins = watchLogins(credentials)
  const registry = createRegistryClient({
    uploadSessions: createFileSessions(uploadsDirectory(storeDirectory)),
    http: options.wrapTransport?.(send) ?? send,
    endpoints: registries.endpoints,
    credentials: usedLogins.credentials,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    ...(options.onRegistryEvent === undefined ? {} : { onEvent: options.onRegistryEvent }),
  })
  let opening: Promise<LocalStore> | undefined
  return {
    registry,
    registries,
    credentials,
    logins: createLoginStore({ env, home }),
    usedLogins,
    transfers: createTransferManager({ limit: options.maxConcurrentDownloads ?? DEFAULT_CONCURRENT_DOWNLOADS }),
    uploads: createTransferManager({ limit: options.maxConcurrentUploads ?? DEFAULT_CONCURRENT_UPLOADS }),
    platform: options.platform ?? defaultPlatform(env),
    retry: options.retry,
    storeDirectory,
    openStore() {
      opening ??= openStoreAt(storeDirectory).catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return opening
    },
    openDockerDaemon: () => openDaemonOf({ env, home }),
    async [Symbol.asyncDispose]() {
      const store = await opening?.catch(() => undefined)
      opening = undefined
      await store?.[Symbol.asyncDispose]()
      await transport.close()
    },
  }
}

/** Opens the transport with the first request: a program that only looks into its store does not load one. */
function lazyTransport(
  env: NonNullable<RuntimeOptions['env']>,
  registries: RegistryConfiguration,
): {
  open(): Promise<UndiciClient>
  close(): Promise<void>
} {
  let opening: Promise<UndiciClient> | undefined
  const open = async (): Promise<UndiciClient> => {
    const { proxyFromEnvironment, undiciClient } = await import('@drayage/registry/undici')
    return undiciClient({ proxy: proxyFromEnvironment(env), tls: registries.tls })
  }
  return {
    open: () => (opening ??= open()),
    close: async () => {
      const client = await opening?.catch(() => undefined)
      await client?.close()
    },
  }
}

/** Loads what a store needs, databases and threads among it, when one is opened. */
async function openStoreAt(directory: string): Promise<LocalStore> {
  const { openLocalStore } = await import('./store/local-store.ts')
  return await openLocalStore(directory)
}

/** Loads the client of an engine when one is asked for. */
async function openDaemonOf(user: UserEnvironment): Promise<DockerDaemon> {
  const { createDockerDaemon } = await import('@drayage/docker-daemon')
  const { dockerDaemonOptions } = await import('./copy/docker-daemon-options.ts')
  return createDockerDaemon(await dockerDaemonOptions(user))
}

function defaultPlatform(env: Readonly<Record<string, string | undefined>>): Platform {
  const { DOCKER_DEFAULT_PLATFORM: chosen } = env
  return chosen === undefined || chosen === '' ? hostPlatform() : parsePlatform(chosen, { host: hostPlatform() })
}
