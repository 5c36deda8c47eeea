import { expect, test } from 'vitest'

import { parseDigest } from '@drayage/digest'

import {
  formatReference,
  isReservedName,
  parseAnyReference,
  parseDockerReference,
  parsePullReference,
  parseReference,
  validateRepositoryName,
} from './index.ts'

const HEX = '0'.repeat(64)
const DIGEST = parseDigest(`sha256:${HEX}`)

test('isReservedName() knows scratch in every spelling', () => {
  for (const text of ['scratch', 'library/scratch', 'docker.io/scratch', 'index.docker.io/library/scratch:1']) {
    expect(isReservedName(parseReference(text))).toBe(true)
  }
  for (const text of ['alpine', 'org/scratch', 'ghcr.io/scratch', 'localhost/library/scratch']) {
    expect(isReservedName(parseReference(text))).toBe(false)
  }
})

test('validateRepositoryName() refuses scratch in the words of Docker Engine', () => {
  expect(() => validateRepositoryName(parseReference('alpine'))).not.toThrow()
  expect(() => validateRepositoryName(parseReference('scratch:3'))).toThrow(
    expect.objectContaining({ code: 'ERR_REFERENCE_RESERVED', reason: "'scratch' is a reserved name" }),
  )
})

test('parseDockerReference() drops the tag when there is a digest', () => {
  expect(parseDockerReference(`a:3@${DIGEST}`)).toEqual({ domain: 'docker.io', path: 'library/a', digest: DIGEST })
  expect(parseDockerReference('a:3').tag).toBe('3')
})

test('parseAnyReference() distinguishes digests from references', () => {
  expect(parseAnyReference(HEX)).toEqual({ kind: 'digest', digest: DIGEST })
  expect(parseAnyReference(DIGEST)).toEqual({ kind: 'digest', digest: DIGEST })
  expect(parseAnyReference('a')).toEqual({ kind: 'reference', reference: parseReference('a') })
  expect(parseAnyReference(`a@${DIGEST}`)).toMatchObject({ kind: 'reference', reference: { digest: DIGEST } })
  expect(() => parseAnyReference('A')).toThrow(
    expect.objectContaining({ reason: 'invalid reference format: repository name must be lowercase' }),
  )
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
  expect(() => parsePullReference('a::')).toThrow(expect.objectContaining({ reason: 'invalid reference format' }))
  expect(() => parsePullReference('a', 'sha256:abc')).toThrow(expect.objectContaining({ reason: 'invalid tag format' }))
})
