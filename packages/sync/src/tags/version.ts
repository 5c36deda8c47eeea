/** The version in a tag. */
export interface Version {
  /** Three numbers; those missing from the tag are 0. */
  readonly numbers: readonly [number, number, number]
  /** The identifiers after the hyphen; empty for a release. */
  readonly prerelease: readonly string[]
}

/** How many numbers the version in a tag has. */
export type VersionParts = 1 | 2 | 3

// A number of up to 15 digits is exact.
const VERSION = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/

/**
 * Parses a tag as a version of exactly `parts` numbers, with or without a leading `v`; `undefined` for any other tag. Unlike
 * in semantic versioning, numbers may begin with 0, as in dates, and there is no build metadata, because tags have no `+`.
 */
export function parseVersion(tag: string, parts: VersionParts): Version | undefined {
  const [, first, second, third, prerelease] = VERSION.exec(tag) ?? []
  const given = [first, second, third].filter((part) => part !== undefined)
  if (given.length !== parts) return undefined
  return {
    numbers: [Number(first), Number(second ?? 0), Number(third ?? 0)],
    prerelease: prerelease === undefined ? [] : prerelease.split('.'),
  }
}

/**
 * Orders versions: negative when `a` is before `b`, 0 when they are the same.
 *
 * @see Semantic Versioning 2.0.0, 11
 */
export function compareVersions(a: Version, b: Version): number {
  for (const position of [0, 1, 2] as const) {
    const difference = a.numbers[position] - b.numbers[position]
    if (difference !== 0) return difference
  }
  return comparePrereleases(a.prerelease, b.prerelease)
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  // A release follows all of its prereleases.
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [position, own] of a.entries()) {
    const other = b[position]
    if (other === undefined) return 1
    const difference = compareIdentifiers(own, other)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Orders numbers by value and before text, and text by its bytes. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [a, b].map((each) => /^\d+$/.test(each))
  if (isNumber !== isOtherNumber) return isNumber === true ? -1 : 1
  if (isNumber === true) {
    const [own, other] = [BigInt(a), BigInt(b)]
    return own < other ? -1 : Number(own > other)
  }
  return a < b ? -1 : Number(a > b)
}
