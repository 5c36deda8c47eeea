import { addressKind } from './address.ts'

/** Token servers of registries on another domain. */
const PINNED: Readonly<Record<string, readonly string[]>> = {
  'dhi.io': ['auth.docker.io'],
}

/** Domains under which each name has another owner. */
const SHARED_DOMAINS: ReadonlySet<string> = new Set([
  'amazonaws.com',
  'amazonaws.com.cn',
  'azurecr.io',
  'azurecr.cn',
  'azurewebsites.net',
  'cloudfront.net',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'jfrog.io',
  'ngrok.io',
  'on.aws',
  'pages.dev',
  'pkg.dev',
  'run.app',
  'vercel.app',
  'workers.dev',
])

/** Second-level labels under which registrars of countries sell names, such as `co` in `co.uk`. */
const SECOND_LEVEL: ReadonlySet<string> = new Set(['ac', 'co', 'com', 'edu', 'gov', 'net', 'or', 'org', 'ne'])

/** Tells whether a token server that a registry names may see the user's credentials; see {@link isOwnRealm}. */
export type RealmRule = (registryHost: string, realmHost: string) => boolean

/** A login that was not sent, since the token server that the registry names is not its own. */
export interface WithheldLogin {
  /** The host of the registry. */
  readonly registry: string
  /** The host of its token server. */
  readonly realm: string
}

/** What to do about a login that was withheld. */
export function trustHint({ registry, realm }: WithheldLogin): string {
  return `If token server ${realm} may see your login for ${registry}, allow it: trusted-realms "${registry}=${realm}".`
}

/**
 * Tells whether credentials for `registry` may go to its token server `realm`: on the same host name, both on this
 * machine, on the same domain of an owner, or known to belong together. Never by http to another machine than the
 * registry itself, and never to an address in place of a name.
 */
export function isOwnRealm(registry: URL, realm: URL, rule?: RealmRule): boolean {
  if (realm.protocol !== 'https:' && registry.protocol === 'https:') return false
  if (registry.hostname === realm.hostname) return true
  const kinds = [addressKind(registry.hostname), addressKind(realm.hostname)]
  if (kinds.every((kind) => kind === 'loopback')) return true
  if (realm.protocol !== 'https:') return false
  if (rule?.(registry.host, realm.host) === true) return true
  if (kinds.some((kind) => kind !== 'public')) return false
  if (PINNED[registry.host]?.includes(realm.host) === true) return true
  const owner = ownerDomain(registry.hostname)
  return owner !== undefined && owner === ownerDomain(realm.hostname)
}

/**
 * The domain of one owner, by a short list instead of the whole list of public suffixes; `undefined` for an address or a
 * single label.
 */
function ownerDomain(hostname: string): string | undefined {
  if (hostname.startsWith('[') || /^[\d.]+$/.test(hostname)) return undefined
  const labels = hostname.toLowerCase().replace(/\.$/, '').split('.')
  if (labels.length < 2) return undefined
  for (let count = labels.length; count >= 2; count--) {
    if (SHARED_DOMAINS.has(labels.slice(-count).join('.')))
      return labels.length > count ? labels.slice(-count - 1).join('.') : undefined
  }
  const top = labels.at(-1) ?? ''
  const isCountrySecondLevel = top.length === 2 && SECOND_LEVEL.has(labels.at(-2) ?? '')
  const count = isCountrySecondLevel ? 3 : 2
  return labels.length < count ? undefined : labels.slice(-count).join('.')
}
