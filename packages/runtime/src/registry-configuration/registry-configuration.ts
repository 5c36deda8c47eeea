import { isLoopbackHost, registryItself, type EndpointSource, type RegistryEndpoint } from '@drayage/registry'
import type { HostTls } from '@drayage/registry/undici'
import { createSharedCache } from '@drayage/transfer'

import { RegistryBlockedError } from '../errors.ts'
import { findHostTls, readRoots } from './host-tls.ts'
import type { HostsFile } from './hosts-toml.ts'
import { insecureHosts, type AddressesOf, type InsecureHosts } from './insecure-hosts.ts'
import { loadHosts } from './load-hosts.ts'
import { loadSettings, type LoadedSettings, type RegistrySettings } from './load-settings.ts'
import { endpointsOf, matchRule, type MatchedRule, type RegistryName } from './match-rule.ts'
import type { IgnoredSetting } from './read-config-file.ts'
import { defaultRegistryFiles, type RegistryFiles, type RegistryFilesOptions } from './registry-files.ts'

/** Options of {@link createRegistryConfiguration}. */
export interface RegistryConfigurationOptions extends RegistryFilesOptions {
  readonly settings: RegistrySettings
  /** Looks up names; the system's by default. */
  readonly addressesOf?: AddressesOf
}

/** The mirrors, the insecure hosts and the certificates that the user has configured. */
export interface RegistryConfiguration {
  readonly endpoints: EndpointSource
  /** What TLS needs for a host with its port. */
  readonly tls: (host: string) => Promise<HostTls | undefined>
  /** The mirrors of Docker Hub and the insecure registries in use, as the configuration has them. */
  settings(): Promise<Pick<LoadedSettings, 'mirrors' | 'insecureRegistries'>>
  /** What of the files has no effect, and why. */
  ignored(): Promise<readonly IgnoredSetting[]>
  /**
   * Reads everything anew, for operations that begin later; with other settings, when some are given. When it cannot be
   * used, nothing changes.
   *
   * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
   */
  reload(settings?: RegistrySettings): Promise<void>
}

/**
 * The configuration of registries, read when it is first needed and kept. Of the sources the first that says something of a
 * repository's endpoints decides: `registries.conf`, `hosts.toml`, the mirrors of `daemon.json`.
 */
export function createRegistryConfiguration(options: RegistryConfigurationOptions): RegistryConfiguration {
  let { settings } = options
  let current = createSnapshot(options, settings)
  return {
    endpoints: (name, { signal } = {}) => current.endpoints(name, { signal }),
    tls: (host) => current.tls(host),
    settings: () => current.settings(),
    ignored: async () => (await current.settings()).ignored,
    reload: async (given = settings) => {
      const next = createSnapshot(options, given)
      await next.settings()
      settings = given
      current = next
    },
  }
}

/** What was read, each part once. */
interface Snapshot extends Pick<RegistryConfiguration, 'endpoints' | 'tls'> {
  settings(): Promise<LoadedSettings>
}

function createSnapshot(options: RegistryConfigurationOptions, given: RegistrySettings): Snapshot {
  const files: RegistryFiles = { ...defaultRegistryFiles(options), ...given.files }
  const loaded = createSharedCache<Loaded>()
  const hostsFiles = createSharedCache<HostsFile | undefined>()
  const answers = createSharedCache<HostTls | undefined>()
  const hostTls = new Map<string, HostTls>()

  const load = (): Promise<Loaded> =>
    loaded.get('', async () => {
      const settings = await loadSettings(given, files)
      const isListed = insecureHosts(settings.insecureRegistries, options.addressesOf)
      const isInsecure: InsecureHosts = async (host) =>
        host !== HUB && (isInsecureByRule(settings.rules, host) || (await isListed(host)))
      return { settings, isInsecure }
    })
  const hostsOf = (domain: string): Promise<HostsFile | undefined> =>
    hostsFiles.get(domain, async () => {
      const found = await loadHosts(files.hostsDirectories, domain)
      for (const [host, tls] of found?.tls ?? []) {
        hostTls.set(host, tls)
        answers.delete(host)
      }
      return found
    })
  const roots = (): Promise<HostTls | undefined> => answers.get('', () => readRoots(options.env['SSL_CERT_FILE']))
  const tls = (host: string): Promise<HostTls | undefined> =>
    answers.get(host, async () => {
      const { isInsecure } = await load()
      const { certificateDirectories } = files
      return await findHostTls(host, { own: hostTls.get(host), isInsecure, certificateDirectories, roots })
    })

  const endpoints: EndpointSource = async (name, { signal } = {}) => {
    signal?.throwIfAborted()
    const { settings, isInsecure } = await load()
    const matched = matchRule(settings.rules, name)
    if (matched?.rule.isBlocked === true) {
      throw new RegistryBlockedError(shownName(name), matched.rule.file, matched.rule.key)
    }
    const found = withItself(name, matched, await hostsOf(name.domain), settings.mirrors)
    const checked: RegistryEndpoint[] = []
    for (const endpoint of found) {
      const { host, protocol } = new URL(endpoint.url)
      // Unusable certificates are reported here, where the error names their file.
      const isUnverified = (await tls(host))?.isInsecure === true
      const isOpen = protocol === 'https:' && host !== HUB && (isUnverified || (await isInsecure(host)))
      const trust = trustOf(endpoint, name.domain, settings)
      checked.push({ ...endpoint, ...trust, ...(isOpen && { isInsecure: true }) })
    }
    signal?.throwIfAborted()
    return checked
  }
  return { endpoints, tls, settings: async () => (await load()).settings }
}

/** What the user allows a server beyond the rules for all. */
function trustOf(
  { url, isMirror }: RegistryEndpoint,
  domain: string,
  { trustedRealms, httpBlobs }: LoadedSettings,
): Pick<RegistryEndpoint, 'trustedRealms' | 'allowsHttpBlobs'> {
  const names = [new URL(url).host, ...(isMirror ? [] : [domain])]
  const realms = trustedRealms.filter(({ registry }) => names.includes(registry)).map(({ realm }) => realm)
  return {
    ...(realms.length > 0 && { trustedRealms: realms }),
    ...(names.some((host) => httpBlobs.has(host)) && { allowsHttpBlobs: true }),
  }
}

interface Loaded {
  readonly settings: LoadedSettings
  readonly isInsecure: InsecureHosts
}

/** Docker Hub is never insecure. */
const HUB = 'registry-1.docker.io'

/** The endpoints of the first source that names some, and the registry itself at the end. */
function withItself(
  name: RegistryName,
  matched: MatchedRule | undefined,
  hosts: HostsFile | undefined,
  hubMirrors: readonly string[],
): readonly RegistryEndpoint[] {
  const { domain, path } = name
  const itself = registryItself(domain, isLoopbackHost)
  if (path === undefined)
    return hosts?.endpoints.some(isRegistry) === true ? hosts.endpoints.filter(isRegistry) : [itself]
  const ruled = matched === undefined ? undefined : endpointsOf(matched, { domain, path })
  if (ruled !== undefined && ruled.mirrors.length > 0) {
    return [...ruled.mirrors, ruled.isMoved ? { ...itself, uses: ['push'] } : itself]
  }
  if (hosts !== undefined && hosts.endpoints.length > 0)
    return hosts.endpoints.some(isRegistry) ? hosts.endpoints : [...hosts.endpoints, itself]
  if (domain !== 'docker.io') return [itself]
  return [...hubMirrors.map((url): RegistryEndpoint => ({ url, uses: ['resolve', 'pull'], isMirror: true })), itself]
}

function isRegistry({ isMirror }: RegistryEndpoint): boolean {
  return !isMirror
}

function isInsecureByRule(rules: LoadedSettings['rules'], host: string): boolean {
  const isOf = (location: string): boolean =>
    location.startsWith('*.') ? host.endsWith(location.slice(1)) : location.split('/', 1)[0] === host
  return rules.some(
    ({ location, isInsecure, mirrors }) =>
      (isInsecure && isOf(location)) || mirrors.some((mirror) => mirror.isInsecure && isOf(mirror.location)),
  )
}

function shownName({ domain, path }: RegistryName): string {
  return path === undefined ? domain : `${domain}/${path}`
}
