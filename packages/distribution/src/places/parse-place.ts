import { UnknownPlaceError } from '../errors.ts'
import type { Place, Transport } from './place.ts'

/** How a place without a prefix is read, such as `alpine:3`. */
export interface ParsePlaceOptions {
  /** The prefix of the transport that reads it. */
  readonly defaultPrefix: string
  /** Whether images are to be written there. */
  readonly isTarget: boolean
}

/** A word before a colon, as prefixes of transports are; never the host of a registry. */
const PREFIX = /^([a-z][a-z0-9-]*):(.*)$/s

/**
 * Reads the name of a place by its prefix. Without one it is a reference to a registry, unless the word before its colon is
 * nearly a prefix, or it is a target that could only be an official image of Docker Hub: both are typing errors far more
 * often than not, and can be written in full, with `docker://`.
 *
 * @throws UnknownPlaceError `ERR_PLACE_UNKNOWN`
 * @throws the errors of the transport
 */
export function parsePlace(transports: readonly Transport[], text: string, options: ParsePlaceOptions): Place {
  const { defaultPrefix, isTarget } = options
  const [, prefix = '', rest = ''] = PREFIX.exec(text) ?? []
  const found = transports.find((transport) => transport.prefix === prefix)
  if (found !== undefined && (prefix !== defaultPrefix || rest.startsWith('//'))) return found.parse(rest)
  const registry = transports.find((transport) => transport.prefix === defaultPrefix)
  const nearest = nearestOf(transports, prefix)
  const isOfficial = isTarget && !text.includes('/')
  if (registry === undefined || nearest !== undefined || isOfficial || isPath(text)) {
    throw unknown(transports, text, nearest)
  }
  try {
    return registry.parse(`//${text}`)
  } catch (cause) {
    // A word before a path is the prefix of another tool rather than a repository.
    if (rest.includes('/')) throw unknown(transports, text, nearest, cause)
    throw cause
  }
}

function unknown(
  transports: readonly Transport[],
  text: string,
  nearest: Transport | undefined,
  cause?: unknown,
): UnknownPlaceError {
  const known = transports.map(({ syntax }) => syntax).join(', ')
  const hint =
    nearest === undefined
      ? `Write one of ${known}; a registry's image in full is docker://HOST/NAME:TAG.`
      : `Did you mean ${nearest.syntax}? An image of that name is docker://${text}.`
  return new UnknownPlaceError(text, { hint, cause })
}

/** Whether text is the path of a file, which the grammar of references leaves no room for. */
function isPath(text: string): boolean {
  return /^\.{0,2}\//.test(text)
}

/** The transport whose prefix differs from `prefix` by the fewest letters, at most two and fewer than half of them. */
function nearestOf(transports: readonly Transport[], prefix: string): Transport | undefined {
  if (prefix === '' || transports.some((transport) => transport.prefix === prefix)) return undefined
  const ranked = transports
    .map((transport) => ({ transport, distance: editDistance(prefix, transport.prefix) }))
    .filter(({ transport, distance }) => distance <= 2 && distance * 2 < transport.prefix.length)
    .toSorted((one, two) => one.distance - two.distance)
  return ranked[0]?.transport
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment). */
function editDistance(one: string, two: string): number {
  const rows = Array.from({ length: one.length + 1 }, (_, at) => [at])
  for (let b = 1; b <= two.length; b++) rows[0]?.push(b)
  const at = (a: number, b: number): number => rows[a]?.[b] ?? Number.POSITIVE_INFINITY
  for (let a = 1; a <= one.length; a++) {
    for (let b = 1; b <= two.length; b++) {
      const isSame = one[a - 1] === two[b - 1]
      const isSwapped = one[a - 1] === two[b - 2] && one[a - 2] === two[b - 1]
      const swapped = isSwapped ? at(a - 2, b - 2) + 1 : Number.POSITIVE_INFINITY
      rows[a]?.push(Math.min(at(a - 1, b) + 1, at(a, b - 1) + 1, at(a - 1, b - 1) + (isSame ? 0 : 1), swapped))
    }
  }
  return at(one.length, two.length)
}
