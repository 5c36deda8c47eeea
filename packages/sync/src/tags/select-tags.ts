import type { TagFilter } from '../file/sync-file.ts'
import { compileTagPattern } from './tag-pattern.ts'
import { parseVersionRange, type VersionTest } from './version-range.ts'
import { compareVersions, parseVersion, type Version } from './version.ts'

/**
 * The tags that a filter selects, in their order. Tags of the same version, such as `1.2.3` and `v1.2.3`, count once among
 * the latest.
 *
 * @throws TagPatternError `ERR_TAG_PATTERN`
 * @throws VersionRangeError `ERR_VERSION_RANGE`
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { selectTags } from '@drayage/sync'
 *
 * assert.deepEqual(selectTags(['1.2', '1.2.3', 'v1.3.0', 'edge'], { versions: '1.x', latest: 1 }), ['v1.3.0'])
 * ```
 */
export function selectTags(tags: Iterable<string>, filter: TagFilter): string[] {
  const include = filter.include?.map((pattern) => compileTagPattern(pattern))
  const exclude = filter.exclude?.map((pattern) => compileTagPattern(pattern)) ?? []
  const matching = [...tags].filter(
    (tag) => include?.some((matches) => matches(tag)) !== false && !exclude.some((matches) => matches(tag)),
  )
  return filter.versions === undefined && filter.latest === undefined ? matching : selectVersions(matching, filter)
}

function selectVersions(tags: readonly string[], filter: TagFilter): string[] {
  const { parts = 3, prereleases = false, latest } = filter
  const isInRange: VersionTest = filter.versions === undefined ? () => true : parseVersionRange(filter.versions)
  const found = tags.flatMap((tag) => {
    const version = parseVersion(tag, parts)
    const isWanted = version !== undefined && (prereleases || version.prerelease.length === 0) && isInRange(version)
    return isWanted ? [{ tag, version }] : []
  })
  const oldest =
    latest === undefined
      ? undefined
      : oldestOf(
          found.map(({ version }) => version),
          latest,
        )
  return found
    .filter(({ version }) => oldest === undefined || compareVersions(version, oldest) >= 0)
    .map(({ tag }) => tag)
}

/** The oldest of the `count` newest versions; `undefined` when there are fewer. */
function oldestOf(versions: readonly Version[], count: number): Version | undefined {
  const newest = versions.toSorted((a, b) => compareVersions(b, a))
  const distinct = newest.filter((version, position) => {
    const before = newest[position - 1]
    return before === undefined || compareVersions(before, version) !== 0
  })
  return distinct[count - 1]
}
