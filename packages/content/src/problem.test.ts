import { describe, expect, it } from 'vitest'

import { ContentNotFoundError, NameNotFoundError } from './errors.ts'
import { isDoubtful, isRetryable, problemOf } from './problem.ts'

describe('problemOf()', () => {
  it('gives the nearest problem in a chain of causes', () => {
    const inner = Object.assign(new Error('inner'), { problem: 'denied' })
    expect(problemOf(new Error('outer', { cause: inner }))).toBe('denied')
    expect(problemOf(Object.assign(new Error('outer', { cause: inner }), { problem: 'unwritable' }))).toBe('unwritable')
    expect(problemOf(new NameNotFoundError('docker.io/library/a:1'))).toBe('manifest-unknown')
  })

  it('gives nothing for other errors and values', () => {
    for (const value of [new Error('other'), new ContentNotFoundError('sha256:0'), { problem: 'denied' }, null]) {
      expect(problemOf(value)).toBeUndefined()
    }
  })
})

describe('isDoubtful()', () => {
  it('goes by the nearest error in a chain of causes that says so or not', () => {
    const odd = Object.assign(new Error('a web page'), { doubtful: true })
    expect(isDoubtful(odd)).toBe(true)
    expect(isDoubtful(new Error('outer', { cause: odd }))).toBe(true)
    expect(isDoubtful(new ContentNotFoundError('sha256:0', { doubtful: true }))).toBe(true)
    expect(isDoubtful(new ContentNotFoundError('sha256:0', { cause: odd }))).toBe(false)
    // A name that is gone is gone.
    expect(isDoubtful(new NameNotFoundError('docker.io/library/a:1', { cause: odd }))).toBe(false)
    expect([new Error('other'), null].map(isDoubtful)).toEqual([false, false])
  })
})

describe('isRetryable()', () => {
  it('goes by what the error itself says', () => {
    const busy = Object.assign(new Error('busy'), { retryable: true })
    expect([busy, new Error('outer', { cause: busy }), new Error('other'), null].map(isRetryable)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
