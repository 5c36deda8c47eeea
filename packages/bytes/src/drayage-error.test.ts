import { describe, expect, it } from 'vitest'

import { DrayageError, errorGuard, firstError } from './drayage-error.ts'

class LostError extends DrayageError<'ERR_LOST'> {
  override readonly name: string = 'LostError'

  constructor(what: string, options?: ErrorOptions) {
    super('ERR_LOST', `Cannot find "${what}": no such thing`, { ...options, hint: 'Look elsewhere.' })
  }
}

const isLost = errorGuard<LostError>(['ERR_LOST'])

describe('DrayageError', () => {
  it('carries code, message, cause and hint', () => {
    const cause = new Error('gone')
    const error = new LostError('key', { cause })
    expect({ ...error, message: error.message, cause: error.cause }).toEqual({
      name: 'LostError',
      code: 'ERR_LOST',
      message: 'Cannot find "key": no such thing',
      hint: 'Look elsewhere.',
      cause,
    })
    expect(String(error)).toBe('LostError: Cannot find "key": no such thing')
  })
})

describe('firstError()', () => {
  it('gives the error that came before those of disposing', async () => {
    const failing = (name: string): AsyncDisposable => ({
      [Symbol.asyncDispose]: () => Promise.reject(new Error(name)),
    })
    const first = new LostError('key')
    const work = async (): Promise<void> => {
      await using _outer = failing('outer')
      await using _inner = failing('inner')
      throw first
    }
    const thrown: unknown = await work().catch((error: unknown) => error)
    expect(thrown).not.toBe(first)
    expect(firstError(thrown)).toBe(first)
    expect(firstError('text')).toBe('text')
  })
})

describe('errorGuard()', () => {
  it('recognises errors by code, whichever copy of a package made them', () => {
    expect(isLost(new LostError('key'))).toBe(true)
    expect(isLost(Object.assign(new Error('twin'), { code: 'ERR_LOST' }))).toBe(true)
  })

  it('refuses other errors and values that are no errors', () => {
    for (const value of [
      new Error('other'),
      Object.assign(new Error('other'), { code: 'ERR_OTHER' }),
      { code: 'ERR_LOST' },
      null,
      'ERR_LOST',
    ]) {
      expect(isLost(value)).toBe(false)
    }
  })
})
