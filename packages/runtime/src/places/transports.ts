import { parsePlace, type Place, type Transport } from '@drayage/distribution'

import type { Runtime } from '../runtime.ts'
import { dirTransport } from './dir-place.ts'
import { dockerArchiveTransport, dockerOciArchiveTransport } from './docker-archive-place.ts'
import { dockerDaemonTransport } from './docker-daemon-place.ts'
import { ociArchiveTransport, ociTransport } from './layout-place.ts'
import { registryTransport } from './registry-place.ts'
import { storeTransport } from './store-place.ts'

/** The prefix of the transport that reads places without one. */
const DEFAULT_PREFIX = 'docker'

/** The kinds of places that every runtime knows, one line each. */
const TRANSPORTS: readonly ((runtime: Runtime) => Transport)[] = [
  registryTransport,
  storeTransport,
  ociTransport,
  ociArchiveTransport,
  dockerArchiveTransport,
  dockerOciArchiveTransport,
  dirTransport,
  dockerDaemonTransport,
]

/** All kinds of places that a runtime knows; one that the program added comes before a known one of its prefix. */
export function transportsOf(runtime: Runtime): readonly Transport[] {
  const { transports: own } = runtime
  const known = TRANSPORTS.map((transport) => transport(runtime))
  return [...own, ...known.filter(({ prefix }) => own.every((each) => each.prefix !== prefix))]
}

/** Reads the name of a place that images come from. @throws UnknownPlaceError `ERR_PLACE_UNKNOWN` */
export function parseSource(runtime: Runtime, text: string): Place {
  return parsePlace(transportsOf(runtime), text, { defaultPrefix: DEFAULT_PREFIX, isTarget: false })
}

/** Reads the name of a place that images go to. @throws UnknownPlaceError `ERR_PLACE_UNKNOWN` */
export function parseTarget(runtime: Runtime, text: string): Place {
  return parsePlace(transportsOf(runtime), text, { defaultPrefix: DEFAULT_PREFIX, isTarget: true })
}

/** Whether text begins with the prefix of a place, rather than being the name or ID of an image of the store. */
export function isPlace(runtime: Runtime, text: string): boolean {
  const prefix = text.slice(0, Math.max(0, text.indexOf(':')))
  if (prefix === DEFAULT_PREFIX) return text.startsWith(`${DEFAULT_PREFIX}://`)
  return transportsOf(runtime).some((transport) => transport.prefix === prefix)
}
