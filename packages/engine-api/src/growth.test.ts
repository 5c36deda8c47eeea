import { growthOf } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { MAX_API_VERSION, splitVersion } from './http/api-version.ts'
import { authConfigOf } from './http/registry-auth.ts'
import { matchRoute } from './http/route.ts'
import { ROUTES } from './http/routes.ts'

/** Texts that make backtracking explode, of about this many characters. */
const floods: readonly ((size: number) => string)[] = [
  (size) => `/v1.${'1'.repeat(size)}/`,
  (size) => `/v1.43${'/'.repeat(size)}`,
  (size) => `/images/${'a/'.repeat(size / 2)}json`,
  (size) => `/images/${'%2f'.repeat(size / 3)}/json`,
  (size) => `/images/${'/json'.repeat(size / 5)}`,
  (size) => `/images/${'%'.repeat(size)}/json`,
  (size) => `${'QTo='.repeat(size / 4)}!`,
]

const parsers: readonly [string, (text: string) => unknown][] = [
  ['splitVersion()', splitVersion],
  ['matchRoute()', (text) => matchRoute(ROUTES, 'GET', { path: text, version: MAX_API_VERSION })],
  ['authConfigOf()', (text) => authConfigOf({ auth: text })],
]

test.each(parsers)('%s takes linear time', (_, parse) => {
  const exponents = floods.map((flood) =>
    growthOf((size) => {
      const text = flood(size)
      try {
        parse(text)
      } catch (error) {
        expect(error).toHaveProperty('code', 'ERR_ENGINE_REQUEST')
      }
    }),
  )
  expect(exponents.filter((exponent) => exponent > 1.7)).toEqual([])
})
