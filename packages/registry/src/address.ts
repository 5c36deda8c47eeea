/**
 * Where a host name leads, as far as its text tells: names other than `localhost` are `public`, because nothing is looked
 * up here.
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'never'

/** The kind of the host of a parsed URL; `never` is an address that no registry has any reason to name. */
export function addressKind(hostname: string): AddressKind {
  const host = hostname.toLowerCase().replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback'
  if (host.startsWith('[')) return kindOfIpv6(host.slice(1, -1))
  const parts = host.split('.').map(Number)
  const isIpv4 = parts.length === 4 && /^[\d.]+$/.test(host)
  return isIpv4 ? kindOfIpv4(parts[0] ?? 0, parts[1] ?? 0) : 'public'
}

/** Tells whether a host, with or without a port, is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  const url = URL.parse(`http://${host}`)
  return url !== null && addressKind(url.hostname) === 'loopback'
}

/** @see RFC 6890 */
function kindOfIpv4(first: number, second: number): AddressKind {
  if (first === 127) return 'loopback'
  if (first === 10 || (first === 172 && second >= 16 && second <= 31) || (first === 192 && second === 168))
    return 'private'
  if (first === 100 && second >= 64 && second <= 127) return 'private'
  // "This" network, link-local with its metadata services, multicast and reserved.
  if (first === 0 || (first === 169 && second === 254) || first >= 224) return 'never'
  return 'public'
}

/** The text is in the shortest form, as the URL parser writes it. */
function kindOfIpv6(address: string): AddressKind {
  if (address === '::1') return 'loopback'
  // Unspecified, and addresses that hold an IPv4 address: mapped, compatible, NAT64 and 6to4.
  if (address.startsWith('::') || address.startsWith('64:ff9b:') || address.startsWith('2002:')) return 'never'
  const first = Number.parseInt(address.split(':')[0] ?? '', 16)
  if ((first & 0xfe00) === 0xfc00) return 'private'
  // Link-local, site-local and multicast.
  if ((first & 0xff80) === 0xfe80 || (first & 0xff00) === 0xff00) return 'never'
  return 'public'
}
