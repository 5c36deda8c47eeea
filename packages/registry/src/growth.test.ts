import { growthOf } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { tryParseChallenges } from './auth/challenge.ts'
import { parseContentRange, parseRetryAfter } from './http/headers.ts'
import { parseErrorBody } from './http/error-body.ts'
import { parseNextLink } from './read/link-header.ts'
import { quote } from '@drayage/bytes'
import { reportHeaders } from './http/report-headers.ts'

/** Texts that make backtracking explode, of about this many characters. */
const floods: readonly ((size: number) => string)[] = [
  (size) => '<'.repeat(size),
  (size) => '<>,'.repeat(size / 3),
  (size) => `<>${';rel="'.repeat(size / 6)}`,
  (size) => `<a>;${' '.repeat(size)}rel=next`,
  (size) => `Bearer ${'a='.repeat(size / 2)}`,
  (size) => `Bearer realm="${'\\"'.repeat(size / 2)}`,
  (size) => `Negotiate ${'a'.repeat(size)}${'='.repeat(10)}!`,
  (size) => ' ,'.repeat(size / 2),
  (size) => `299 - "${'\\'.repeat(size)}`,
  (size) => `${' '.repeat(size)}299`,
  (size) => `bytes 0-${'0'.repeat(size)}`,
  (size) => '0'.repeat(size),
  (size) => `{"errors":[${'{"code":"X"},'.repeat(size / 13)}{}]}`,
  (size) => '\u001B[2J'.repeat(size / 4),
]

const parsers: readonly [string, (text: string) => unknown][] = [
  ['tryParseChallenges()', tryParseChallenges],
  ['parseNextLink()', (text) => parseNextLink(text, new URL('https://registry.example/v2/a/tags/list'))],
  ['parseContentRange()', parseContentRange],
  ['parseRetryAfter()', (text) => parseRetryAfter({ 'retry-after': text, date: text })],
  ['reportHeaders()', (text) => reportHeaders('h', { warning: text, 'ratelimit-remaining': text }, () => {})],
  ['parseErrorBody()', (text) => parseErrorBody(text, 400)],
  ['quote()', (text) => quote(text)],
]

test.each(parsers)('%s takes time in proportion to what it reads', (_, parse) => {
  const exponents = floods.map((flood) => growthOf((size) => void parse(flood(size))))
  expect(exponents.filter((exponent) => exponent > 1.7)).toEqual([])
})
