import { growthOf } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { applyChanges } from './dockerfile/apply-changes.ts'
import { parseUntil } from './images/image-filters.ts'

/** Texts that make backtracking explode, of about this many characters. */
const floods: readonly ((size: number) => string)[] = [
  (size) => `ENV ${'a=b '.repeat(size / 4)}`,
  (size) => `ENV a=${'\\ '.repeat(size / 2)}`,
  (size) => `LABEL ${'"'.repeat(size)}`,
  (size) => `LABEL a${' '.repeat(size)}b`,
  (size) => `CMD ${'['.repeat(size)}`,
  (size) => `EXPOSE ${'1 '.repeat(size / 2)}`,
  (size) => `HEALTHCHECK ${'--a '.repeat(size / 4)}`,
  (size) => `# escape=${' '.repeat(size)}x`,
  (size) => `CMD a${'\\ '.repeat(size / 2)}x`,
  (size) => `VOLUME ${' \t'.repeat(size / 2)}x`,
  (size) => `WORKDIR ${'/'.repeat(size)}x`,
  (size) => ' '.repeat(size),
  (size) => '1ms'.repeat(size / 3),
  (size) => `${'1m'.repeat(size / 2)}!`,
  (size) => '0'.repeat(size),
]

const parsers: readonly [string, (text: string) => unknown][] = [
  ['applyChanges()', (text) => applyChanges([text])],
  ['parseUntil()', (text) => parseUntil(text, 0)],
]

test.each(parsers)('%s takes time proportional to its input', (_, parse) => {
  const exponents = floods.map((flood) =>
    growthOf((size) => {
      const text = flood(size)
      try {
        parse(text)
      } catch (error) {
        expect(error).toHaveProperty('code')
      }
    }),
  )
  expect(exponents.filter((exponent) => exponent > 1.7)).toEqual([])
})
