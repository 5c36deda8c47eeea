import { expect, test } from 'vitest'

import { tryParseReference } from './index.ts'

test('parseReference() reads each character of a hostile text a bounded number of times', () => {
  // A backtracking parser would not come back from these: the largest is four million characters long.
  for (const repeat of [1_000, 10_000, 100_000, 1_000_000]) {
    const times = (text: string): string => text.repeat(repeat)
    const hostile = [
      times('a/'),
      `${times('a-')}!`,
      `a${times('-')}!`,
      `${times('a_')}!`,
      `${times('a.')}!/x`,
      `a.b/${times('a__')}!`,
      times('<'),
      times(':'),
      times('@'),
      times('['),
      `[${times(':')}/x`,
      times('/'),
      `a:${times('t')}`,
      times('A'),
      `a@sha256:${times('0')}`,
      `a@${times('a+')}:0`,
      `${times('a.')}b/c`,
      `x/${times('a---')}!`,
    ]
    for (const text of hostile) if (tryParseReference(text).ok) expect.unreachable(`${text.slice(0, 12)} x ${repeat}`)
  }
})

test('the number of characters read grows in proportion to the text', () => {
  const readsOf = (length: number): number => {
    let reads = 0
    const target: object = new String(`a.b/${'a-'.repeat(length)}!`)
    const text = new Proxy(target, {
      get: (_, name): unknown => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        return (...parameters: unknown[]): unknown => {
          if (name === 'charCodeAt') reads++
          return Reflect.apply(value, target, parameters)
        }
      },
    }) as unknown as string
    expect(tryParseReference(text).ok).toBe(false)
    return reads
  }
  const [one, two, four] = [readsOf(1000), readsOf(2000), readsOf(4000)]
  expect(one).toBeGreaterThan(1000)
  expect(two / one).toBeLessThan(2.1)
  expect(four / two).toBeLessThan(2.1)
})
