import { isIP } from 'node:net'

import { RegistryConfigError } from '../errors.ts'

/**
 * The URL of a mirror of Docker Hub by docker's rules: http or https, and nothing but a host and port.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export function parseMirrorUrl(text: string, file: string, key: string): string {
  const fail = (found: string, wanted: string): RegistryConfigError => new RegistryConfigError(file, key, found, wanted)
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\//i.test(text)) throw fail(shown(text), 'a URL with http:// or https://')
  if (url.username !== '' || url.password !== '') throw fail('user-info in the URL', 'none')
  if (url.pathname !== '/' || /[?#]/.test(text)) throw fail(shown(text), 'no path, query or fragment')
  return `${url.protocol}//${url.host}`
}

/**
 * A host with an optional port, or a CIDR, in lower case; a scheme before it is cut.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export function parseInsecureRegistry(text: string, file: string, key: string): string {
  const bare = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .toLowerCase()
  const cidr = parseCidr(bare)
  if (cidr !== undefined) return bare
  const isHost = URL.parse(`http://${bare}/`)?.pathname === '/' && !/[\s/?#@\\%]/.test(bare)
  if (!isHost || bare.startsWith('-') || bare.endsWith('-') || bare.endsWith(':')) {
    throw new RegistryConfigError(file, key, shown(text), 'a host with an optional port, or a CIDR')
  }
  return bare === 'index.docker.io' ? 'docker.io' : bare
}

/** A registry and one of its token servers, which is elsewhere. */
export interface TrustedRealm {
  readonly registry: string
  readonly realm: string
}

/**
 * Reads `registry=token-server`: two hosts with an optional port, in lower case.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export function parseTrustedRealm(text: string, file: string, key: string): TrustedRealm {
  const [registry = '', realm = '', ...more] = text.split('=')
  if (more.length > 0 || registry.trim() === '' || realm.trim() === '') {
    throw new RegistryConfigError(file, key, shown(text), 'registry=token-server')
  }
  const [from, to] = [registry, realm].map((host) => parseRegistryHost(host, file, key))
  return { registry: from ?? '', realm: to ?? '' }
}

/**
 * A host with an optional port in lower case; https before it is cut.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export function parseRegistryHost(text: string, file: string, key: string): string {
  const bare = text
    .trim()
    .replace(/^https:\/\//i, '')
    .replace(/\/$/, '')
  const url = /[\s/?#@\\%]/.test(bare) ? null : URL.parse(`https://${bare}/`)
  if (url === null || url.host === '') {
    throw new RegistryConfigError(file, key, shown(text), 'a host with an optional port')
  }
  return url.host === 'index.docker.io' ? 'docker.io' : url.host
}

/** A network and the bits of its prefix; `undefined` for other text. */
export function parseCidr(
  text: string,
): { readonly network: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [, network = '', digits = ''] = /^([\da-f:.]+)\/(\d{1,3})$/i.exec(text) ?? []
  const version = isIP(network)
  const bits = Number(digits)
  if (version === 0 || digits === '' || bits > (version === 4 ? 32 : 128)) return undefined
  return { network, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** Text of a file for a message, without what may be a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/\/\/[^/]*@/, '//***@').slice(0, 160))
}
