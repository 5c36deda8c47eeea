import { expect, test } from 'vitest'

import { parseVersionRange } from './version-range.ts'
import { compareVersions, parseVersion, type Version } from './version.ts'

function version(tag: string): Version {
  const found = parseVersion(tag, 3)
  if (found === undefined) throw new Error(`not a version: ${tag}`)
  return found
}

test.each([
  ['1.2.3', 3, [1, 2, 3], []],
  ['v1.2.3', 3, [1, 2, 3], []],
  ['1.2.3-rc.1', 3, [1, 2, 3], ['rc', '1']],
  ['2024.01.09', 3, [2024, 1, 9], []],
  ['3.20-alpine', 2, [3, 20, 0], ['alpine']],
  ['17', 1, [17, 0, 0], []],
] as const)('parseVersion(%j, %i) reads its numbers', (tag, parts, numbers, prerelease) => {
  expect(parseVersion(tag, parts)).toEqual({ numbers, prerelease })
})

test.each([
  '1.2',
  '1.2.3.4',
  'latest',
  '.2.3',
  '1.2.x',
  '1.2.3-',
  '1.2.3-a..b',
  '1.2.3_4',
  `${'9'.repeat(16)}.0.0`,
  '',
])('parseVersion() finds no version of three numbers in %j', (tag) => {
  expect(parseVersion(tag, 3)).toBe(undefined)
})

test('compareVersions() orders as semantic versioning does', () => {
  const ordered = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    'v1.0.0',
    '1.0.9',
    '1.0.10',
    '1.10.0',
    '2.0.0',
  ]
  const shuffled = ordered.toReversed().map(version)
  expect(shuffled.toSorted(compareVersions)).toEqual(ordered.map(version))
  expect(compareVersions(version('v1.2.3'), version('1.2.3'))).toBe(0)
})

test.each([
  ['>=1.2 <2', ['1.2.0', '1.9.9'], ['1.1.9', '2.0.0', '1.2.0-rc.1', '2.0.0-rc.1']],
  ['>= 1.2, < 2', ['1.2.0'], ['2.0.0']],
  ['>1.2', ['1.3.0'], ['1.2.9', '1.2.0']],
  ['>1.2.3', ['1.2.4'], ['1.2.3']],
  ['<=1.2', ['1.2.9', '1.0.0'], ['1.3.0', '1.3.0-rc.1']],
  ['<=1.2.3', ['1.2.3'], ['1.2.4']],
  ['<2.0.0-rc.2', ['2.0.0-rc.1'], ['2.0.0-rc.2', '2.0.0']],
  ['1.2', ['1.2.0', '1.2.9'], ['1.3.0']],
  ['1.x', ['1.0.0', '1.9.0'], ['2.0.0', '0.9.0']],
  ['v1.2.*', ['1.2.7'], ['1.3.0']],
  ['=1.2.3', ['1.2.3'], ['1.2.4']],
  ['*', ['0.0.0', '9.9.9-rc'], []],
  ['>*', [], ['9.9.9']],
  ['~1.2.3', ['1.2.3', '1.2.9'], ['1.2.2', '1.3.0']],
  ['~1', ['1.9.0'], ['2.0.0']],
  ['^1.2.3', ['1.2.3', '1.9.0'], ['2.0.0', '2.0.0-rc.1', '1.2.2']],
  ['^0.2.3', ['0.2.9'], ['0.3.0']],
  ['^0.0.3', ['0.0.3'], ['0.0.4']],
  ['^0', ['0.9.0'], ['1.0.0']],
  ['<1 || >=2.1', ['0.9.0', '2.1.0'], ['1.0.0', '2.0.9']],
] as const)('parseVersionRange(%j) knows what is in it', (range, inside, outside) => {
  const test = parseVersionRange(range)
  expect([...inside, ...outside].filter((tag) => test(version(tag)))).toEqual(inside)
})

test.each(['', '||', '1 ||', '>=', 'latest', '>=1.2.3.4', '1.x.3', '1.2-rc', '>>1', '1 - 2', '1'.repeat(257)])(
  'parseVersionRange() refuses %j',
  (range) => {
    expect(() => parseVersionRange(range)).toThrow(expect.objectContaining({ code: 'ERR_VERSION_RANGE', range }))
  },
)
