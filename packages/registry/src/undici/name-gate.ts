import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'

import { createLruMap } from '@drayage/bytes'

import { UrlRefusedError } from '../errors/refusal-errors.ts'
import { addressKind, type AddressKind } from '../gate/address.ts'

/** How near a server may lead: to this machine, to private networks, or to the public one only. */
export type Reach = Exclude<AddressKind, 'never'>

/** Keeps what a server names from addresses that it may not name as such, when its names are looked up. */
export interface NameGate {
  /** How near the server of `origin` may lead, by the addresses that its name had. */
  reachOf(origin: string): Reach
  /** Looks a name up, and gives those of its addresses that `reach` allows; without one all of them, which are noted. */
  lookup(reach: Reach | undefined): LookupFunction
  /** @throws UrlRefusedError `ERR_URL_REFUSED` for an address in place of a name that `reach` does not allow */
  assertAddress(hostname: string, reach: Reach): void
}

const MAX_NOTED = 1000

/** Of several addresses of one name, whoever answers for it could have chosen the farthest. */
const FARTHEST: readonly Reach[] = ['public', 'private', 'loopback']

/** Opens a gate; names are resolved by `resolve`, by default as the system does. */
export function createNameGate(resolve: LookupFunction = systemLookup): NameGate {
  const noted = createLruMap<string, Reach>({ maxEntries: MAX_NOTED })
  const note = (hostname: string, addresses: readonly LookupAddress[]): void => {
    const kinds = new Set<AddressKind>(addresses.map(({ address }) => kindOf(address)))
    const reach = FARTHEST.find((kind) => kinds.has(kind))
    if (reach !== undefined) noted.set(hostname, reach)
  }
  return {
    reachOf(origin) {
      const { hostname } = new URL(origin)
      const kind = noted.get(hostname) ?? addressKind(hostname)
      return kind === 'never' ? 'public' : kind
    },
    lookup: (reach) => (hostname, options, callback) => {
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null || !Array.isArray(found)) return callback(error, found)
        const allowed = reach === undefined ? found : found.filter(({ address }) => isAllowed(kindOf(address), reach))
        if (reach === undefined) note(hostname, found)
        const [first] = allowed
        if (first === undefined) return callback(refused(hostname, found[0]?.address ?? ''), '')
        if (options.all === true) callback(null, allowed)
        else callback(null, first.address, first.family)
      })
    },
    assertAddress(hostname, reach) {
      const address = hostname.replace(/^\[|\]$/g, '')
      if (isIP(address) !== 0 && !isAllowed(kindOf(address), reach)) throw refused(hostname, address)
    },
  }
}

function isAllowed(kind: AddressKind, reach: Reach): boolean {
  return kind === 'public' || (kind !== 'never' && kind === reach)
}

/** An address of this machine in the public network leads to it past its firewall. */
function kindOf(address: string): AddressKind {
  const kind = addressKind(address.includes(':') ? `[${address}]` : address)
  if (kind !== 'public') return kind
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  return own.some((entry) => entry.address === address) ? 'loopback' : 'public'
}

function refused(hostname: string, address: string): UrlRefusedError {
  const kind = kindOf(address) === 'never' ? 'reserved' : kindOf(address)
  return new UrlRefusedError(`//${hostname}`, 'address', `it leads to the ${kind} address ${address}`)
}
