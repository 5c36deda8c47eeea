/**
 * What a host name points to, judged by its text: names other than `localhost` and its aliases are `public`, since no name is
 * looked up.
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'never'

/** The names of a system for itself in `/etc/hosts`. */
const OWN_NAMES: readonly string[] = ['localhost', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback']

const NEVER_IPV6: readonly string[] = ['::', '64:ff9b:', '2002:', '2001:0:', '2001::', '2001:db8:']

/** The kind of the host of a parsed URL; `never` is an address that no registry has a reason to name. */
export function addressKind(hostname: string): AddressKind {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (OWN_NAMES.includes(host) || host.endsWith('.localhost')) return 'loopback'
  if (host.startsWith('[')) return kindOfIpv6(host.slice(1, -1))
  const parts = host.split('.').map(Number)
  const isIpv4 = parts.length === 4 && /^[\d.]+$/.test(host)
  return isIpv4 ? kindOfIpv4(parts) : 'public'
}

/** Tells whether a host, with or without a port, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  const url = URL.parse(`http://${host}`)
  return url !== null && addressKind(url.hostname) === 'loopback'
}

/** @see RFC 6890 */
function kindOfIpv4([first = 0, second = 0, third = 0]: readonly number[]): AddressKind {
  if (first === 127) return 'loopback'
  if (first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168))
    return 'private'
  if (first === 100 && second >= 64 && second <= 127) return 'private'
  // "This" network, link-local and protocol assignments with their metadata services, benchmarks, multicast and reserved.
  if (first === 0 || (first === 169 && second === 254) || first >= 224) return 'never'
  if ((first === 192 && second === 0 && third === 0) || (first === 198 && (second === 18 || second === 19)))
    return 'never'
  return 'public'
}

/** The text is in the shortest form, as the URL parser writes it. */
function kindOfIpv6(address: string): AddressKind {
  if (address === '::1') return 'loopback'
  // Unspecified, examples, and addresses that hold an IPv4 address: mapped, compatible, NAT64, 6to4 and Teredo.
  if (NEVER_IPV6.some((start) => address.startsWith(start))) return 'never'
  const first = Number.parseInt(address.split(':')[0] ?? '', 16)
  if ((first & 0xfe00) === 0xfc00) return 'private'
  // Link-local, site-local and multicast.
  if ((first & 0xff80) === 0xfe80 || (first & 0xff00) === 0xff00) return 'never'
  return 'public'
}
