import { growthOf } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { legacyConfig } from './legacy-config.ts'

function createdOf(created: string): unknown {
  const config: { history: { created: string }[] } = JSON.parse(Buffer.from(legacyConfig([{ created }], [])).toString())
  return config.history[0]?.created
}

test.each([
  ['2015-01-02T03:04:05.120Z', '2015-01-02T03:04:05.12Z'],
  ['2015-01-02T03:04:05.000000000Z', '2015-01-02T03:04:05Z'],
  ['2015-01-02T03:04:05.10+01:00', '2015-01-02T03:04:05.1+01:00'],
  ['2015-01-02T03:04:05.5-07:00', '2015-01-02T03:04:05.5-07:00'],
  ['2015-01-02T03:04:05Z', '2015-01-02T03:04:05Z'],
  ['1.0', '1.0'],
  ['1.', '1.'],
  ['100.Z', '100Z'],
  ['', '0001-01-01T00:00:00Z'],
])('legacyConfig() writes the time %j as Go does', (created, wanted) => {
  expect(createdOf(created)).toBe(wanted)
})

test('legacyConfig() takes time in proportion to the length of a time', () => {
  const floods = [
    (size: number): string => `.${'0'.repeat(size)}`,
    (size: number): string => '.0'.repeat(size / 2),
    (size: number): string => `.${'1'.repeat(size)}x`,
    (size: number): string => `1.${'0'.repeat(size)}Z`,
  ]
  const exponents = floods.map((flood) => growthOf((size) => void legacyConfig([{ created: flood(size) }], [])))
  expect(exponents.filter((exponent) => exponent > 1.7)).toEqual([])
})
