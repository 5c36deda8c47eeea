import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import {
  DEFAULT_TAG,
  formatReference,
  isTag,
  MAX_TAG_LENGTH,
  parseAnyReference,
  parseDockerReference,
  parsePullReference,
  parseReference,
  parseTag,
  repositoryOf,
  withDefaultTag,
  withDigest,
  withoutTag,
  withTag,
} from './index.ts'

const HEX = '0123456789abcdef'.repeat(4)
const DIGEST = parseDigest(`sha256:${HEX}`)

test('withDefaultTag() adds latest only when there is neither tag nor digest', () => {
  expect(DEFAULT_TAG).toBe('latest')
  expect(withDefaultTag(parseReference('a')).tag).toBe('latest')
  expect(withDefaultTag(parseReference('a:3')).tag).toBe('3')
  expect(withDefaultTag(parseReference(`a@${DIGEST}`))).not.toHaveProperty('tag')
})

test('withTag() keeps a digest, withDigest() keeps a tag', () => {
  const both = `docker.io/library/a:3@${DIGEST}`
  expect(formatReference(withTag(parseReference(`a@${DIGEST}`), '3'))).toBe(both)
  expect(formatReference(withDigest(parseReference('a:3'), DIGEST))).toBe(both)
})

test('withTag() rejects what is not a tag', () => {
  for (const tag of ['', '-a', 'a/b', 'a:b', 'a b', '%0d', 'a\n', 't'.repeat(129)]) {
    expect(() => withTag(parseReference('a'), tag)).toThrow('invalid tag format')
  }
})

test('withoutTag() and repositoryOf() drop parts', () => {
  const both = parseReference(`a:3@${DIGEST}`)
  expect(withoutTag(both)).toEqual({ domain: 'docker.io', path: 'library/a', digest: DIGEST })
  expect(repositoryOf(both)).toEqual({ domain: 'docker.io', path: 'library/a' })
})

test('parseDockerReference() drops the tag when there is a digest', () => {
  expect(parseDockerReference(`a:3@${DIGEST}`)).toEqual({ domain: 'docker.io', path: 'library/a', digest: DIGEST })
  expect(parseDockerReference('a:3').tag).toBe('3')
})

test('parseAnyReference() tells identities from names', () => {
  expect(parseAnyReference(HEX)).toEqual({ kind: 'digest', digest: DIGEST })
  expect(parseAnyReference(DIGEST)).toEqual({ kind: 'digest', digest: DIGEST })
  expect(parseAnyReference('a')).toEqual({ kind: 'reference', reference: parseReference('a') })
  expect(parseAnyReference(`a@${DIGEST}`)).toMatchObject({ kind: 'reference', reference: { digest: DIGEST } })
  expect(() => parseAnyReference('A')).toThrow('repository name must be lowercase')
})

test.each([
  ['a', '', 'docker.io/library/a'],
  ['a:', '', 'docker.io/library/a'],
  ['a', '3', 'docker.io/library/a:3'],
  ['a:2', '3', 'docker.io/library/a:3'],
  ['a:2', DIGEST, `docker.io/library/a@${DIGEST}`],
  [`a:2@${DIGEST}`, '', `docker.io/library/a:2@${DIGEST}`],
])('parsePullReference() reads name %j with tag %j', (name, tag, full) => {
  expect(formatReference(parsePullReference(name, tag))).toBe(full)
})

test('parsePullReference() drops one trailing colon only and refuses bad tags', () => {
  expect(() => parsePullReference('a::')).toThrow('invalid reference format')
  expect(() => parsePullReference('a', 'sha256:abc')).toThrow('invalid tag format')
})

test('isTag() and parseTag() accept a word character and up to 127 more, "." and "-"', () => {
  for (const tag of ['a', '_', '0', 'V1.0-x_', 't'.repeat(MAX_TAG_LENGTH)]) {
    expect(isTag(tag)).toBe(true)
    expect(parseTag(tag)).toBe(tag)
  }
  for (const tag of ['', '.', '-', 'a+b', 'é', 't'.repeat(MAX_TAG_LENGTH + 1), '\u017f', '\u212a']) {
    expect(isTag(tag)).toBe(false)
    expect(() => parseTag(tag)).toThrow(expect.objectContaining({ code: 'ERR_REFERENCE_SYNTAX', part: 'tag' }))
  }
})
