import { homedir } from 'node:os'

import type { HttpClient } from '@drayage/content'
import { createCredentialSource, createLoginStore } from '@drayage/credentials'
import type { DockerDaemon } from '@drayage/docker-daemon'
import {
  DEFAULT_CONCURRENT_DOWNLOADS,
  DEFAULT_CONCURRENT_UPLOADS,
  type RetryPolicy,
  type Transport,
} from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import { parsePlatform } from '@drayage/manifest'
import { createRegistryClient, type CredentialSource, type OnRegistryEvent } from '@drayage/registry'
import type { UndiciClient } from '@drayage/registry/undici'
import { createTransferManager } from '@drayage/transfer'

import type { UserEnvironment } from './copy/docker-daemon-options.ts'
import type { ForeignLayersChoice } from './copy/foreign-layers-choice.ts'
import { hostPlatform, runnablePlatform } from './host-platform.ts'
import type { RegistrySettings } from './registry-configuration/load-settings.ts'
import {
  createRegistryConfiguration,
  type RegistryConfiguration,
} from './registry-configuration/registry-configuration.ts'
import { defaultStoreDirectory } from './store/file-store/store-directory.ts'
import { storeInDirectory } from './store/file-store/store-in-directory.ts'
import type { Store, StoreOpener } from './store/store.ts'
import type { Runtime } from './runtime.ts'
import { watchLogins } from './remote/used-logins.ts'

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
  /** Where the images are; by default the store in `storeDirectory`. */
  readonly store?: StoreOpener
  /** The directory of the default store; see `defaultStoreDirectory` for its default. */
  readonly storeDirectory?: string
  /** Kinds of places beside the known ones, such as `memory:`; one with a known prefix takes its place. */
  readonly transports?: readonly Transport[]
  /** What images must run on; `$DOCKER_DEFAULT_PLATFORM`, else this machine with the level of its CPU, by default. */
  readonly platform?: Platform
  /** Downloads at a time, of all calls together; 3 by default. */
  readonly maxConcurrentDownloads?: number
  /** Uploads of pushes at a time, of all calls together; 5 by default. */
  readonly maxConcurrentUploads?: number
  /**
   * What is done with layers that are kept at URLs: left out where a place takes the image without them (`skip`, the
   * default), copied from a source that has them (`copy`), or also fetched from their URLs (`fetch`).
   */
  readonly foreignLayers?: ForeignLayersChoice | undefined
  /** How failed requests are tried again; see `DEFAULT_RETRY_POLICY` of `@drayage/distribution` for the default. */
  readonly retry?: RetryPolicy
  /** Refuses images that only schema 1 describes, without reading them; `false` by default. */
  readonly requireSchema2?: boolean
  /**
   * Which ID users are shown of an image: the digest of its config (`config`, the default) or of what came, usually an index
   * (`target`), as Docker Engine 29 does.
   */
  readonly imageId?: 'config' | 'target' | undefined
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
  /** Told, in a line, what of the default store was damaged and is mended. */
  readonly onStoreWarning?: (text: string) => void
  /** Receives what registries say beside their answers, such as warnings. */
  readonly onRegistryEvent?: OnRegistryEvent
}

/**
 * Composes registry client, logins, transfers and local store. Neither the network nor the store is touched.
 *
 * @throws PlatformSyntaxError `ERR_PLATFORM_SYNTAX` for a malformed `$DOCKER_DEFAULT_PLATFORM`
 * @throws RangeError for an invalid option
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
  const { storeDirectory = defaultStoreDirectory({ env, home, isRoot: process.getuid?.() === 0 }) } = options
  const { onStoreWarning: onWarning } = options
  const { store = storeInDirectory(storeDirectory, onWarning && { onWarning }) } = options
  const usedLogins = watchLogins(credentials)
  const registry = createRegistryClient({
    ...(store.uploadSessions === undefined ? {} : { uploadSessions: store.uploadSessions }),
    http: options.wrapTransport?.(send) ?? send,
    endpoints: registries.endpoints,
    credentials: usedLogins.credentials,
    ...(options.headers === undefined ? {} : { headers: options.headers }),
    ...(options.chunkBytes === undefined ? {} : { chunkBytes: options.chunkBytes }),
    ...(options.onRegistryEvent === undefined ? {} : { onEvent: options.onRegistryEvent }),
  })
  let opening: Promise<Store> | undefined
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
    foreignLayers: options.foreignLayers ?? 'skip',
    requireSchema2: options.requireSchema2 ?? false,
    imageId: options.imageId ?? 'config',
    transports: options.transports ?? [],
    store,
    openStore() {
      opening ??= store.open().catch((error: unknown) => {
        opening = undefined
        throw error
      })
      return opening
    },
    openDockerDaemon: () => openDaemonOf({ env, home }),
    async [Symbol.asyncDispose]() {
      const opened = await opening?.catch(() => undefined)
      opening = undefined
      await opened?.[Symbol.asyncDispose]()
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

/** Loads the client of an engine when one is asked for. */
async function openDaemonOf(user: UserEnvironment): Promise<DockerDaemon> {
  const { createDockerDaemon } = await import('@drayage/docker-daemon')
  const { dockerDaemonOptions } = await import('./copy/docker-daemon-options.ts')
  return createDockerDaemon(await dockerDaemonOptions(user))
}

function defaultPlatform(env: Readonly<Record<string, string | undefined>>): Platform {
  const { DOCKER_DEFAULT_PLATFORM: chosen } = env
  return chosen === undefined || chosen === '' ? runnablePlatform() : parsePlatform(chosen, { host: hostPlatform() })
}
