import { expect, test } from 'vitest'

import {
  familiarRepository,
  formatRepository,
  isRepositoryPath,
  parseRepository,
  ReferenceSyntaxError,
  tryParseRepository,
} from './index.ts'

test('parseRepository() takes familiar and full names', () => {
  for (const text of ['alpine', 'library/alpine', 'docker.io/alpine', 'index.docker.io/library/alpine']) {
    expect(parseRepository(text)).toEqual({ domain: 'docker.io', path: 'library/alpine' })
  }
  const repository = parseRepository('[::1]:5000/a/b')
  expect(formatRepository(repository)).toBe('[::1]:5000/a/b')
  expect(familiarRepository(parseRepository('docker.io/library/alpine'))).toBe('alpine')
})

test.each([
  ['alpine:3', 'tag', 6],
  ['localhost:5000/a:3', 'tag', 16],
  [`host:5/a:3@sha256:${'0'.repeat(64)}`, 'tag', 8],
  [`host:5/a@sha256:${'0'.repeat(64)}`, 'digest', 8],
  ['Alpine', 'path', 0],
])('parseRepository() rejects %j', (text, part, offset) => {
  const result = tryParseRepository(text)
  expect(result).toMatchObject({ ok: false, error: { code: 'ERR_REFERENCE_SYNTAX', part, offset } })
  expect(() => parseRepository(text)).toThrow(ReferenceSyntaxError)
})

test.each([
  ['library/alpine', true],
  ['a', true],
  ['a/b-c/d.e_f__g', true],
  ['a'.repeat(251), true],
  ['a'.repeat(252), false],
  ['', false],
  ['a//b', false],
  ['/a', false],
  ['a/', false],
  ['a..b', false],
  ['A', false],
  ['a:1', false],
  ['a/../b', false],
  ['host:5000/a', false],
])('isRepositoryPath() of %j is %s', (text, wanted) => {
  expect(isRepositoryPath(text)).toBe(wanted)
})
