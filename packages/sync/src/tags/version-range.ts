import { quote } from '@drayage/bytes'

import { VersionRangeError } from '../errors.ts'
import { compareVersions, type Version } from './version.ts'

/** Tells whether a version is in a range. */
export type VersionTest = (version: Version) => boolean

/** The maximum length of a range, in characters. */
export const MAX_RANGE_LENGTH = 256

const COMPARATOR =
  /^(>=|<=|>|<|=|\^|~)?v?(\d{1,15}|[xX*])(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?$/

/**
 * Parses a version range: comparators that must all hold, separated by spaces or commas, and alternatives separated by `||`.
 * A comparator is `>=1.2`, `>1.2`, `<2`, `<=2`, `=1.2.3`, `~1.2` (patch releases), `^1.2` (up to the next change of the first
 * number that is not 0), or `1.2`, `1.2.x` and `*` for all versions that begin with these numbers. Prereleases follow the
 * order of versions, except that `<2` excludes those of 2.0.0.
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
    if (comparators.length === 0) throw new VersionRangeError(text, 'no comparator', 'a range such as >=1.2 <2')
    return comparators.map((comparator) => parseComparator(text, comparator))
  })
  return (version) => alternatives.some((tests) => tests.every((test) => test(version)))
}

/** The operand of a comparator. */
interface Bound {
  readonly lowest: Version
  /** The first version after all those that begin with its numbers. */
  readonly next: Version
  /** Whether it has all three numbers. */
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
    throw new VersionRangeError(range, quote(comparator), 'a comparator such as >=1.2, <2, ~1.2, ^1.2.3 or 1.2.x')
  }
  // `*` matches everything; `<*` and `>*` match nothing.
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

/** Whether `version` precedes `bound` and is not a prerelease of it. */
function isBefore(version: Version, bound: Version): boolean {
  const isItsPrerelease =
    bound.prerelease.length === 0 && version.numbers.every((number, position) => number === bound.numbers[position])
  return !isItsPrerelease && compareVersions(version, bound) < 0
}

/** The position of the first number that is not 0, or of the last one. */
function firstKept(numbers: readonly number[]): number {
  const found = numbers.findIndex((number) => number > 0)
  return found < 0 ? numbers.length - 1 : found
}

/** The first release after all versions with the same numbers up to `position`. */
function after(numbers: readonly number[], position: number): Version {
  return versionOf(
    numbers.slice(0, position + 1).map((number, at) => (at === position ? number + 1 : number)),
    [],
  )
}

function versionOf([first = 0, second = 0, third = 0]: readonly number[], prerelease: readonly string[]): Version {
  return { numbers: [first, second, third], prerelease }
}
