import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'

import type { HttpClient } from '@drayage/content'
import { createCredentialSource } from '@drayage/credentials'
import { createEngineApi, createEngineEvents } from '@drayage/engine-api'
import { parsePlatform } from '@drayage/manifest'
import { mostConnections } from '@drayage/registry-server/node'
import { createRuntime, FOREIGN_LAYERS, hostPlatform, type Runtime } from '@drayage/runtime'

import { checkConfig } from './config/check-config.ts'
import type { Config } from './config/config.ts'
import { imageIdOf } from './config/image-id.ts'
import { pruneSettings } from './config/prune-settings.ts'
import { registrySettings, tlsFilesOf, type ListenerName } from './config/settings.ts'
import { prepareEnding } from './ending.ts'
import { listen, type Listening, type ListenOptions } from './listen/listen.ts'
import { parseHost } from './listen/parse-host.ts'
import { readTls } from './listen/tls.ts'
import { createAdmin } from './serve/admin.ts'
import { createStack } from './stack.ts'
import { createMetrics, type Metrics } from './serve/metrics.ts'
import { openRegistryEndpoint } from './serve/registry-endpoint.ts'
import { startPruning } from './serve/prune.ts'
import { startScrub } from './serve/scrub.ts'
import { createStoreHealth } from './serve/store-health.ts'
import { createLog, logOfRequest, withRequestLog, type Log } from './serve/request-log.ts'

/** A running daemon. Disposing it gives running requests their time to finish, then stops them. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens, as clients write it. */
  readonly places: readonly string[]
  readonly log: Log
  /** Applies the live options of a changed configuration. */
  reload(config: Config): Promise<void>
}

/**
 * Starts a daemon; resolves once its store is open and everything listens.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function startDaemon(config: Config, env: NodeJS.ProcessEnv = process.env): Promise<Daemon> {
  await checkConfig(config, env)
  const log = createLog(config.text('log-level') ?? '')
  const metrics = createMetrics()
  await using started = createStack()
  const runtime = started.use(await openRuntime(config, env, { log, metrics }))
  await runtime.openStore()
  metrics.watch(runtime)
  const graceMs = config.count('shutdown-timeout') * 1000
  const context = { config, env, metrics, graceMs }
  const ending = prepareEnding(graceMs)
  const onError = (err: unknown): void => (logOfRequest() ?? log).error({ err }, 'unexpected error')
  const events = createEngineEvents()
  const engine = createEngineApi({
    runtime,
    events,
    facts: { version: readVersion(), hostName: os.hostname(), id: identityOf(runtime) },
    onEvent: metrics.onEvent,
    ending: ending.begun,
    stopping: ending.over,
    onError,
  })
  const all: Listening[] = []
  const serve = async (name: ListenerName, hosts: readonly string[], handler: HttpClient): Promise<void> => {
    for (const host of hosts) {
      const listening = started.use(await listenAs(name, host, withRequestLog(handler, name, log), context))
      all.push(listening)
    }
  }
  await serve('engine', config.texts('host') ?? [defaultHost(env)], engine)
  const registry = config.text('registry.host')
  let reloadUsers = async (): Promise<void> => {}
  if (registry !== undefined) {
    const endpoint = started.use(await openRegistryEndpoint(runtime, config, onError))
    reloadUsers = endpoint.reload
    await serve('registry', [registry], endpoint.handler)
  }
  const admin = config.text('admin.host')
  if (admin !== undefined)
    await serve(
      'admin',
      [admin],
      createAdmin(metrics, () => isReady(runtime), createStoreHealth(runtime)),
    )
  const bytesPerSecond = config.count('scrub-rate')
  if (bytesPerSecond > 0) started.use(startScrub(runtime, { bytesPerSecond, log, ...metrics.scrub }))
  const settings = pruneSettings(config)
  if (settings !== undefined) started.use(startPruning(runtime, { settings, log, events, onFreed: metrics.onFreed }))
  const stack = started.move()
  return {
    places: all.flatMap(({ places }) => places),
    log,
    async reload(changed) {
      await reloadUsers()
      await applyChanges(changed, { runtime, log })
    },
    async [Symbol.asyncDispose]() {
      await ending.end(all)
      await stack[Symbol.asyncDispose]()
    },
  }
}

interface DaemonContext {
  readonly config: Config
  readonly env: NodeJS.ProcessEnv
  readonly metrics: Metrics
  readonly graceMs: number
}

async function openRuntime(
  config: Config,
  env: NodeJS.ProcessEnv,
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
): Promise<Runtime> {
  const store = config.text('store')
  const platform = config.text('platform')
  const ownLogins = createCredentialSource({ env, home: os.homedir() })
  return await createRuntime({
    env,
    registries: registrySettings(config),
    // Clients bring their own logins; those of the daemon's user are for its mirrors.
    credentials: async (host, options) =>
      options?.mirrorOf === undefined ? undefined : await ownLogins(host, options),
    wrapTransport: metrics.countBytes,
    onRegistryEvent: (event) => {
      metrics.onRegistryEvent(event)
      if (event.type === 'warning') log.warn({ registry: event.host }, event.text)
    },
    onStoreWarning: (text) => log.warn(text),
    ...(store === undefined ? {} : { storeDirectory: path.resolve(store) }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, { host: hostPlatform() }) }),
    foreignLayers: FOREIGN_LAYERS.find((each) => each === config.text('foreign-layers')),
    imageId: await imageIdOf(config, env),
    maxConcurrentDownloads: config.count('max-concurrent-downloads'),
    maxConcurrentUploads: config.count('max-concurrent-uploads'),
    requireSchema2: config.isOn('require-schema2'),
  })
}

async function listenAs(
  name: ListenerName,
  host: string,
  handler: HttpClient,
  { config, env, metrics, graceMs }: DaemonContext,
): Promise<Listening> {
  const options: ListenOptions = {
    env,
    tls: await readTls(tlsFilesOf(name, config)),
    isGuarded: name === 'registry',
    group: config.text('group'),
    loopbackWithoutTls: name === 'admin' || config.isOn('loopback-without-tls'),
    allowedHosts: config.texts('allowed-hosts') ?? [],
    maxConnections: Math.min(config.count('max-connections'), mostConnections(countListeners(config))),
    graceMs,
    onRequest: (event) => metrics.onRequest(name, event),
  }
  return await listen(parseHost(host), handler, options)
}

/** How many listeners share the descriptors of the process. */
function countListeners(config: Config): number {
  const others = ['registry.host', 'admin.host'].filter((key) => config.text(key) !== undefined)
  return (config.texts('host') ?? ['']).length + others.length
}

function defaultHost(env: NodeJS.ProcessEnv): string {
  const { XDG_RUNTIME_DIR: directory } = env
  const isRoot = process.getuid?.() === 0
  return isRoot || directory === undefined ? 'unix:///run/drayd.sock' : `unix://${path.join(directory, 'drayd.sock')}`
}

function identityOf({ store }: Runtime): string {
  return createHash('sha256').update(`${os.hostname()} ${store.location}`).digest('hex').slice(0, 32)
}

async function isReady(runtime: Runtime): Promise<boolean> {
  try {
    await (await runtime.openStore()).images.listNames()
    return true
  } catch {
    return false
  }
}

async function applyChanges(
  config: Config,
  { runtime, log }: { readonly runtime: Runtime; readonly log: Log },
): Promise<void> {
  await runtime.registries.reload(registrySettings(config))
  runtime.transfers.setLimit(config.count('max-concurrent-downloads'))
  runtime.uploads.setLimit(config.count('max-concurrent-uploads'))
  log.level = config.text('log-level') ?? log.level
}

/** The version in the package of this daemon. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}
