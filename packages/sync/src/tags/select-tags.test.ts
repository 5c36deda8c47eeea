import { expect, test } from 'vitest'

import { selectTags } from './select-tags.ts'
import type { TagFilter } from '../file/sync-file.ts'

const TAGS = [
  'latest',
  '1',
  '1.2',
  '1.2.0',
  'v1.2.1',
  '1.2.1',
  '1.3.0-rc.1',
  '1.3.0',
  '2.0.0',
  '2.0.0-alpine',
  'sha-0a1b',
]

test.each<[string, TagFilter, readonly string[]]>([
  ['nothing', {}, TAGS],
  ['a pattern', { include: ['1\\..*'] }, ['1.2', '1.2.0', '1.2.1', '1.3.0-rc.1', '1.3.0']],
  ['one of two patterns', { include: ['latest', 'sha-.*'] }, ['latest', 'sha-0a1b']],
  ['patterns and an exclusion', { include: ['1.*'], exclude: ['.*rc.*', '1'] }, ['1.2', '1.2.0', '1.2.1', '1.3.0']],
  ['a range', { versions: '>=1.2 <2' }, ['1.2.0', 'v1.2.1', '1.2.1', '1.3.0']],
  [
    'a range with prereleases',
    { versions: '>=1.2.1', prereleases: true },
    ['v1.2.1', '1.2.1', '1.3.0-rc.1', '1.3.0', '2.0.0', '2.0.0-alpine'],
  ],
  ['versions of two numbers', { versions: '*', parts: 2 }, ['1.2']],
  ['the latest', { latest: 2 }, ['1.3.0', '2.0.0']],
  ['the latest, spelled twice', { latest: 2, versions: '<1.3' }, ['1.2.0', 'v1.2.1', '1.2.1']],
  ['more than there are', { latest: 9, versions: '<1.2.1' }, ['1.2.0']],
])('selectTags() chooses by %s', (_, filter, expected) => {
  expect(selectTags(TAGS, filter)).toEqual(expected)
})
