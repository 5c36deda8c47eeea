import { createHash } from 'node:crypto'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'

import type { HttpClient } from '@drayage/content'
import { createCredentialSource } from '@drayage/credentials'
import { DEFAULT_CONCURRENT_DOWNLOADS, DEFAULT_CONCURRENT_UPLOADS } from '@drayage/distribution'
import { createEngineApi } from '@drayage/engine-api'
import { parsePlatform } from '@drayage/manifest'
import { createRuntime, hostPlatform, type Runtime } from '@drayage/runtime'

import { checkConfig } from './check-config.ts'
import type { Config } from './config/config.ts'
import { prepareEnding } from './ending.ts'
import { listen, type Listening, type ListenOptions } from './listen/listen.ts'
import { parseHost } from './listen/parse-host.ts'
import { readTls } from './listen/tls.ts'
import { registrySettings } from './registry-settings.ts'
import { createAdmin } from './serve/admin.ts'
import { createStack } from './stack.ts'
import { createLog, type Log } from './serve/log.ts'
import { createMetrics, type Metrics } from './serve/metrics.ts'
import { openRegistryEndpoint } from './serve/registry-endpoint.ts'
import { logOfRequest, withRequestLog } from './serve/with-request-log.ts'
import { tlsFilesOf, type ListenerName } from './tls-files.ts'
import { readVersion } from './version.ts'

/** A daemon that serves. Disposing it lets running requests end in their time, then stops them. */
export interface Daemon extends AsyncDisposable {
  /** Where it listens, as clients name it. */
  readonly places: readonly string[]
  readonly log: Log
  /** Applies what of a changed configuration can change while it runs. */
  reload(config: Config): Promise<void>
}

/**
 * Starts a daemon: its store is open and everything listens when this resolves.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function startDaemon(config: Config, env: NodeJS.ProcessEnv = process.env): Promise<Daemon> {
  await checkConfig(config, env)
  const log = createLog(config.text('log-level') ?? 'info')
  const metrics = createMetrics()
  await using started = createStack()
  const runtime = started.use(await openRuntime(config, env, { log, metrics }))
  await runtime.openStore()
  metrics.watch(runtime)
  const graceMs = (config.count('shutdown-timeout') ?? 15) * 1000
  const context = { config, env, metrics, graceMs }
  const ending = prepareEnding(graceMs)
  const onError = (err: unknown): void => (logOfRequest() ?? log).error({ err }, 'unexpected error')
  const engine = createEngineApi({
    runtime,
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
  if (registry !== undefined) {
    const endpoint = started.use(await openRegistryEndpoint(runtime, config, onError))
    await serve('registry', [registry], endpoint.handler)
  }
  const admin = config.text('admin.host')
  if (admin !== undefined)
    await serve(
      'admin',
      [admin],
      createAdmin(metrics, () => isReady(runtime)),
    )
  const stack = started.move()
  return {
    places: all.flatMap(({ places }) => places),
    log,
    reload: (changed) => applyChanges(changed, { runtime, log }),
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
  const downloads = config.count('max-concurrent-downloads')
  const uploads = config.count('max-concurrent-uploads')
  const ownLogins = createCredentialSource({ env, home: os.homedir() })
  return await createRuntime({
    env,
    registries: registrySettings(config),
    // A client brings its own login; those of the daemon's user are for its mirrors.
    credentials: async (host, options) =>
      options?.mirrorOf === undefined ? undefined : await ownLogins(host, options),
    wrapTransport: metrics.countBytes,
    onRegistryEvent: (event) => {
      metrics.onRegistryEvent(event)
      if (event.type === 'warning') log.warn({ registry: event.host }, event.text)
    },
    ...(store === undefined ? {} : { storeDirectory: path.resolve(store) }),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform, { host: hostPlatform() }) }),
    ...(downloads === undefined ? {} : { maxConcurrentDownloads: downloads }),
    ...(uploads === undefined ? {} : { maxConcurrentUploads: uploads }),
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
    maxConnections: config.count('max-connections') ?? 1024,
    graceMs,
    onRequest: (event) => metrics.onRequest(name, event),
  }
  return await listen(parseHost(host), handler, options)
}

function defaultHost(env: NodeJS.ProcessEnv): string {
  const { XDG_RUNTIME_DIR: directory } = env
  const isRoot = process.getuid?.() === 0
  return isRoot || directory === undefined ? 'unix:///run/drayd.sock' : `unix://${path.join(directory, 'drayd.sock')}`
}

function identityOf({ storeDirectory }: Runtime): string {
  return createHash('sha256').update(`${os.hostname()} ${storeDirectory}`).digest('hex').slice(0, 32)
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
  runtime.transfers.setLimit(config.count('max-concurrent-downloads') ?? DEFAULT_CONCURRENT_DOWNLOADS)
  runtime.uploads.setLimit(config.count('max-concurrent-uploads') ?? DEFAULT_CONCURRENT_UPLOADS)
  log.level = config.text('log-level') ?? 'info'
}
