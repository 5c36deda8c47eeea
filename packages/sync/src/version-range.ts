import { VersionRangeError } from './errors.ts'
import { compareVersions, type Version } from './version.ts'

/** Tells whether a version is in a range. */
export type VersionTest = (version: Version) => boolean

/** The most characters of a range. */
export const MAX_RANGE_LENGTH = 256

const COMPARATOR =
  /^(>=|<=|>|<|=|\^|~)?v?(\d{1,15}|[xX*])(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/

/**
 * Reads a range of versions: comparators that all hold, separated by blanks or commas, and alternatives separated by `||`.
 * A comparator is `>=1.2`, `>1.2`, `<2`, `<=2`, `=1.2.3`, `~1.2` (patches), `^1.2` (what keeps the first number that is not
 * 0), or `1.2`, `1.2.x` and `*` for all versions that begin so. Prereleases are where their order puts them, except that `<2`
 * leaves out those of 2.0.0.
 *
 * @throws VersionRangeError `ERR_VERSION_RANGE`
 */
export function parseVersionRange(text: string): VersionTest {
  if (text.length > MAX_RANGE_LENGTH) {
    throw new VersionRangeError(text, `${text.length} characters`, `at most ${MAX_RANGE_LENGTH}`)
  }
  const alternatives = text.split('||').map((alternative) => {
    const comparators = alternative
      .replaceAll(/([<>=^~])\s+/g, '$1')
      .split(/[\s,]+/)
      .filter((part) => part !== '')
    if (comparators.length === 0) throw new VersionRangeError(text, 'nothing to compare with', 'such as >=1.2 <2')
    return comparators.map((comparator) => parseComparator(text, comparator))
  })
  return (version) => alternatives.some((tests) => tests.every((test) => test(version)))
}

/** What a comparator says beside its operator. */
interface Bound {
  readonly lowest: Version
  /** The first version after all that begin like it. */
  readonly next: Version
  /** Whether it says all three numbers. */
  readonly isWhole: boolean
}

function parseComparator(range: string, comparator: string): VersionTest {
  const match = COMPARATOR.exec(comparator)
  const [, operator = '', ...parts] = match ?? []
  const texts = parts.slice(0, 3)
  const wild = texts.findIndex((part) => part === undefined || /^[xX*]$/.test(part))
  const numbers = (wild < 0 ? texts : texts.slice(0, wild)).map(Number)
  const prerelease = parts[3]?.split('.') ?? []
  const hasGap = texts.slice(numbers.length).some((part) => part !== undefined && /^\d/.test(part))
  if (match === null || hasGap || (prerelease.length > 0 && numbers.length < 3)) {
    throw new VersionRangeError(range, JSON.stringify(comparator), 'such as >=1.2, <2, ~1.2, ^1.2.3 or 1.2.x')
  }
  // Everything: with < and > nothing.
  if (numbers.length === 0) return () => operator !== '<' && operator !== '>'
  const isWhole = numbers.length === 3
  const lowest = versionOf(numbers, prerelease)
  const bound = { lowest, next: after(numbers, numbers.length - 1), isWhole }
  if (operator === '~') return between(lowest, after(numbers, Math.min(1, numbers.length - 1)))
  if (operator === '^') return between(lowest, after(numbers, firstKept(numbers)))
  return compareWith(operator, bound)
}

function compareWith(operator: string, { lowest, next, isWhole }: Bound): VersionTest {
  switch (operator) {
    case '>=':
      return (version) => compareVersions(version, lowest) >= 0
    case '>':
      return (version) => (isWhole ? compareVersions(version, lowest) > 0 : compareVersions(version, next) >= 0)
    case '<':
      return (version) => isBefore(version, lowest)
    case '<=':
      return (version) => (isWhole ? compareVersions(version, lowest) <= 0 : isBefore(version, next))
    default:
      return isWhole ? (version) => compareVersions(version, lowest) === 0 : between(lowest, next)
  }
}

function between(lowest: Version, next: Version): VersionTest {
  return (version) => compareVersions(version, lowest) >= 0 && isBefore(version, next)
}

/** Whether it is before `bound`, and no prerelease of it. */
function isBefore(version: Version, bound: Version): boolean {
  const isItsPrerelease =
    bound.prerelease.length === 0 && version.numbers.every((number, position) => number === bound.numbers[position])
  return !isItsPrerelease && compareVersions(version, bound) < 0
}

/** The position of the first number that is not 0, else of the last. */
function firstKept(numbers: readonly number[]): number {
  const found = numbers.findIndex((number) => number > 0)
  return found < 0 ? numbers.length - 1 : found
}

/** The release that comes after all versions with the same numbers up to `position`. */
function after(numbers: readonly number[], position: number): Version {
  return versionOf(
    numbers.slice(0, position + 1).map((number, at) => (at === position ? number + 1 : number)),
    [],
  )
}

function versionOf([first = 0, second = 0, third = 0]: readonly number[], prerelease: readonly string[]): Version {
  return { numbers: [first, second, third], prerelease }
}
