import { expect, test } from 'vitest'

import { isReservedName, parseReference, validateRepositoryName } from './index.ts'

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
