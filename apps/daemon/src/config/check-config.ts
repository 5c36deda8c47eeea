import { quote } from '@drayage/bytes'
import { parsePlatform } from '@drayage/manifest'
import { createRuntime, hostPlatform } from '@drayage/runtime'

import { ConfigError, reasonOf } from '../errors.ts'
import { assertMayServe } from '../listen/listen.ts'
import { isLoopback, parseHost } from '../listen/parse-host.ts'
import { readTls } from '../listen/tls.ts'
import { groupId } from '../listen/unix-socket.ts'
import { guardOf } from '../serve/registry-endpoint.ts'
import type { Config } from './config.ts'
import { imageIdOf } from './image-id.ts'
import { pruneSettings } from './prune-settings.ts'
import { registrySettings, tlsFilesOf } from './settings.ts'

/**
 * Checks what can be checked of a configuration before the daemon runs: hosts, certificates, users, group, platform, and
 * the registries with the files of the user and the machine. Nothing is opened or written.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function checkConfig(config: Config, env: NodeJS.ProcessEnv): Promise<void> {
  await checkEngineHosts(config)
  checkAdminHost(config)
  if (config.text('registry.host') !== undefined) {
    await guardOf(config)
    await readTls(tlsFilesOf('registry', config))
  }
  const group = config.text('group')
  if (group !== undefined) await groupId(group)
  pruneSettings(config)
  await checkRuntime(config, env)
}

async function checkEngineHosts(config: Config): Promise<void> {
  const hosts = config.texts('host')
  if (hosts?.length === 0) throw new ConfigError('Cannot serve the Engine API: no host is set')
  const tls = await readTls(tlsFilesOf('engine', config))
  const loopbackWithoutTls = config.isOn('loopback-without-tls')
  for (const host of (hosts ?? []).map(parseHost)) {
    if (host.kind === 'tcp') assertMayServe(host, { tls, loopbackWithoutTls })
  }
}

function checkAdminHost(config: Config): void {
  const host = config.text('admin.host')
  const parsed = host === undefined ? undefined : parseHost(host)
  if (parsed?.kind !== 'tcp' || isLoopback(parsed.address)) return
  throw new ConfigError(`Cannot use admin.host: ${quote(host ?? '')} is no address of this machine`)
}

async function checkRuntime(config: Config, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const platform = config.text('platform')
    if (platform !== undefined) parsePlatform(platform, { host: hostPlatform() })
  } catch (cause) {
    throw unusable('platform', cause)
  }
  try {
    // Neither the network nor the store is touched.
    await using runtime = await createRuntime({ env, registries: registrySettings(config) })
    await runtime.registries.settings()
    await imageIdOf(config, env)
  } catch (cause) {
    const own = ['registry-mirrors', 'insecure-registries', 'trusted-realms', 'http-blobs'].filter(
      (key) => config.texts(key) !== undefined,
    )
    throw unusable(own.length > 0 ? own.join(' or ') : 'the configuration of registries', cause)
  }
}

function unusable(what: string, cause: unknown): ConfigError {
  return new ConfigError(`Cannot use ${what}: ${reasonOf(cause)}`, { cause })
}
