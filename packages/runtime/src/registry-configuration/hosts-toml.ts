import path from 'node:path'

import { showJsonPath } from '@drayage/bytes'
import type { EndpointUse, RegistryEndpoint } from '@drayage/registry'
import type { HostTls } from '@drayage/registry/undici'
import { z } from 'zod'

import { RegistryConfigError } from '../errors.ts'
import { readCertificate, readPair } from './certificates.ts'
import { checkDocument } from './check-document.ts'
import { parseToml } from './parse-toml.ts'

/** What containerd's `hosts.toml` says of one registry. */
export interface HostsFile {
  /** The mirrors in the order of the file, and the registry itself when the file says where it is. */
  readonly endpoints: readonly RegistryEndpoint[]
  /** What TLS needs, by host. */
  readonly tls: ReadonlyMap<string, HostTls>
}

const text = z.string({ error: 'text' })
const texts = z.union([text, z.array(text)], { error: 'text or a list of texts' })
const SETTINGS = z.looseObject({
  capabilities: z.array(z.enum(['pull', 'resolve', 'push'], { error: 'pull, resolve or push' })).optional(),
  ca: texts.optional(),
  client: z.union([texts, z.array(z.array(text))], { error: 'a path, or a list of paths or pairs' }).optional(),
  skip_verify: z.boolean({ error: 'true or false' }).optional(),
  override_path: z.boolean({ error: 'true or false' }).optional(),
  header: z.record(text, texts, { error: 'a table of texts' }).optional(),
})
const HOSTS = SETTINGS.extend({
  server: text.optional(),
  host: z.record(text, SETTINGS, { error: 'a table' }).optional(),
})

type Settings = z.infer<typeof SETTINGS>

/**
 * Reads a `hosts.toml`.
 *
 * @param domain the registry that the file is for
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 * @see containerd, docs/hosts.md
 */
export async function parseHostsToml(file: string, content: string, domain: string): Promise<HostsFile> {
  const document = checkDocument(file, HOSTS, parseToml(file, content))
  const endpoints: RegistryEndpoint[] = []
  const tls = new Map<string, HostTls>()
  const add = async (key: string, address: string, settings: Settings, isMirror: boolean): Promise<void> => {
    const url = parseAddress(file, key, address, settings.override_path === true)
    endpoints.push(endpointOf(url, settings, isMirror, domain))
    const own = await tlsOf(file, key, settings)
    if (own !== undefined) tls.set(url.host, own)
  }
  for (const [address, settings] of Object.entries(document.host ?? {})) {
    await add(showJsonPath(['host', address]), address, settings, true)
  }
  if (document.server !== undefined) await add('server', document.server, document, false)
  return { endpoints, tls }
}

function parseAddress(file: string, key: string, address: string, isWholePath: boolean): URL {
  const url = URL.parse(/^https?:\/\//.test(address) ? address : `https://${address}`)
  const isPlain = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!isPlain || address.includes('\\')) {
    throw new RegistryConfigError(file, key, 'another address', 'http(s)://host[:port][/path]')
  }
  const trimmed = url.pathname.replace(/\/+$/, '')
  url.pathname = isWholePath || trimmed.endsWith('/v2') ? trimmed : `${trimmed}/v2`
  return url
}

function endpointOf(url: URL, settings: Settings, isMirror: boolean, domain: string): RegistryEndpoint {
  const uses: readonly EndpointUse[] = settings.capabilities ?? ['pull', 'resolve', 'push']
  const headers = Object.entries(settings.header ?? {}).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    typeof value === 'string' ? value : value.join(', '),
  ])
  const isHub = domain === 'docker.io' && url.host === 'registry-1.docker.io'
  const isOwn = url.host === domain || isHub
  return {
    url: url.href,
    uses: isMirror ? uses.filter((use) => use !== 'push') : [...new Set<EndpointUse>([...uses, 'push'])],
    isMirror,
    ...(isOwn ? { credentialsHost: domain } : { namespace: domain }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  }
}

async function tlsOf(file: string, key: string, settings: Settings): Promise<HostTls | undefined> {
  const at = (name: string): string => path.resolve(path.dirname(file), name)
  const ca = await Promise.all([settings.ca ?? []].flat().map((name) => readCertificate(at(name))))
  const client = [settings.client ?? []].flat()
  if (client.length > 1) throw new RegistryConfigError(file, `${key}.client`, `${client.length} certificates`, 'one')
  const [certFile, keyFile] = [client[0] ?? []].flat()
  const pair = certFile === undefined ? undefined : await readPair(at(certFile), at(keyFile ?? certFile))
  const isInsecure = settings.skip_verify === true
  if (ca.length === 0 && pair === undefined && !isInsecure) return undefined
  return { ...(ca.length > 0 && { ca }), ...pair, ...(isInsecure && { isInsecure }) }
}
