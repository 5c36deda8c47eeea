import { expect, test } from 'vitest'

import { growthOf } from './growth-of.ts'

test('growthOf() tells bounded, linear and quadratic work apart', () => {
  let sink = 0
  const loop = (steps: number): void => {
    for (let left = steps; left > 0; left--) sink = (sink * 31 + left) % 1_000_003
  }
  expect(growthOf(() => loop(10))).toBeLessThan(0.5)
  expect(growthOf((size) => loop(size * 20))).toBeLessThan(1.6)
  expect(growthOf((size) => loop(size * size), 100)).toBeGreaterThan(1.7)
})
