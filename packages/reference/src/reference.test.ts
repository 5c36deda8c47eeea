import { parseDigest } from '@drayage/digest'
import { expect, test } from 'vitest'

import {
  DEFAULT_TAG,
  formatReference,
  parseReference,
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
    expect(() => withTag(parseReference('a'), tag)).toThrow(expect.objectContaining({ reason: 'invalid tag format' }))
  }
})

test('withoutTag() and repositoryOf() drop parts', () => {
  const both = parseReference(`a:3@${DIGEST}`)
  expect(withoutTag(both)).toEqual({ domain: 'docker.io', path: 'library/a', digest: DIGEST })
  expect(repositoryOf(both)).toEqual({ domain: 'docker.io', path: 'library/a' })
})
