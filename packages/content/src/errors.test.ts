import { expect, test } from 'vitest'

import {
  ContentNotFoundError,
  IngestClosedError,
  IngestKeyError,
  isContentError,
  NameNotFoundError,
  WalkLimitError,
} from './errors.ts'

const cause = new Error('cause')
const errors = [
  [new ContentNotFoundError('sha256:x', { cause }), 'ERR_CONTENT_NOT_FOUND'],
  [new NameNotFoundError('docker.io/library/alpine', { cause }), 'ERR_NAME_NOT_FOUND'],
  [new IngestKeyError('../x', { cause }), 'ERR_INGEST_KEY'],
  [new IngestClosedError('key', { cause }), 'ERR_INGEST_CLOSED'],
  [new WalkLimitError('sha256:x', 'maxDepth', 16, { cause }), 'ERR_WALK_LIMIT'],
  [new WalkLimitError('sha256:x', 'maxCount', 9, { cause }), 'ERR_WALK_LIMIT'],
] as const

test.each(errors)('%s has its name, code, cause and grammar', (error, code) => {
  expect(error).toMatchObject({ name: error.constructor.name, code, cause })
  expect(error.message).toMatch(/^Cannot .*".*".*: .*[^.]$/)
  expect(isContentError(error)).toBe(true)
})

test('isContentError() is about codes of this package only', () => {
  expect(isContentError(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe(false)
  expect(isContentError({ code: 'ERR_INGEST_KEY' })).toBe(false)
})

test('IngestKeyError escapes and cuts the key', () => {
  const { message } = new IngestKeyError(`\u001b[31m${'x'.repeat(10_000)}`)
  expect(message).not.toContain('\u001b')
  expect(message.length).toBeLessThan(400)
})
