import { growthOf } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { neededAccess, parseScopes } from './auth/access.ts'
import { parseByteRange, parseContentRange } from './blobs/range.ts'
import { parseRoute } from './handler/route.ts'
import { isSessionId } from './uploads/upload-session.ts'
import { parseHtpasswd } from './node/htpasswd.ts'
import { parseBasic } from './auth/users.ts'

/** Texts that make backtracking explode, of about this many characters. */
const floods: readonly ((size: number) => string)[] = [
  (size) => 'a/'.repeat(size / 2),
  (size) => `${'a-----'.repeat(size / 6)}!`,
  (size) => '<'.repeat(size),
  (size) => `bytes=${'0'.repeat(size)}`,
  (size) => `bytes=${'0-'.repeat(size / 2)}`,
  (size) => ' '.repeat(size),
  (size) => `basic ${' '.repeat(size)}!`,
  (size) => `basic ${'A'.repeat(size)}!`,
  (size) => 'repository:a:pull '.repeat(size / 18),
  (size) => `repository:${':'.repeat(size)}`,
  (size) => `repository:a:${','.repeat(size)}`,
  (size) => `/v2/${'a/blobs/uploads/'.repeat(size / 16)}`,
  (size) => `/v2/${'a/'.repeat(size / 2)}manifests/${'x'.repeat(10)}`,
  (size) => `/v2/${'%2f'.repeat(size / 3)}/tags/list`,
]

const parsers: readonly [string, (text: string) => unknown][] = [
  ['parseByteRange()', (text) => parseByteRange(text, 100)],
  ['parseContentRange()', parseContentRange],
  ['parseScopes()', (text) => parseScopes([text])],
  ['parseBasic()', parseBasic],
  ['isSessionId()', isSessionId],
  ['parseRoute()', orRefusal(parseRoute)],
  [
    'neededAccess()',
    orRefusal((text) =>
      neededAccess({ method: 'POST', url: `http://x/v2/a/blobs/uploads/?mount=${text}&from=${text}`, headers: {} }),
    ),
  ],
  ['parseHtpasswd()', orRefusal(parseHtpasswd)],
]

function orRefusal(parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      return error
    }
  }
}

test.each(parsers)('%s takes time in proportion to what it reads', (_, parse) => {
  const exponents = floods.map((flood) => growthOf((size) => void parse(flood(size))))
  expect(exponents.filter((exponent) => exponent > 1.7)).toEqual([])
})
