import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

import { isLoopbackHost } from '@drayage/registry'

import { parseCidr } from './parse-settings.ts'

/** Tells whether a host, with or without a port, is declared insecure. */
export type InsecureHosts = (host: string) => Promise<boolean>

/** Gives the addresses of a name; none when it has none. */
export type AddressesOf = (name: string) => Promise<readonly string[]>

/**
 * Hosts that are named, or whose address is in a network that is named, as docker has it. This machine itself always is.
 * Names are looked up only when there is a network, and a name that cannot be looked up is in none.
 *
 * @param entries hosts with an optional port, and CIDRs
 */
export function insecureHosts(entries: readonly string[], addressesOf: AddressesOf = lookupAll): InsecureHosts {
  const hosts = new Set<string>()
  const networks = new BlockList()
  let hasNetworks = false
  for (const entry of entries) {
    const cidr = parseCidr(entry)
    if (cidr === undefined) hosts.add(entry)
    else networks.addSubnet(cidr.network, cidr.bits, cidr.family)
    hasNetworks ||= cidr !== undefined
  }
  const isInside = (address: string): boolean => networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return async (host) => {
    const lower = host.toLowerCase()
    if (isLoopbackHost(lower) || hosts.has(lower)) return true
    if (!hasNetworks) return false
    const name = URL.parse(`http://${lower}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''
    return isIP(name) === 0 ? (await addressesOf(name)).some(isInside) : isInside(name)
  }
}

async function lookupAll(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address)
  } catch {
    // What cannot be looked up cannot be asked either; that fails with a better word.
    return []
  }
}
