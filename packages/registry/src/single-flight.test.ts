import { describe, expect, it } from 'vitest'

import { singleFlight } from './single-flight.ts'

describe('singleFlight()', () => {
  it('shares a run among calls that overlap, and starts another one after it', async () => {
    let runs = 0
    const call = singleFlight(async () => ++runs)
    expect(await Promise.all([call({}), call({})])).toEqual([1, 1])
    expect(await call({})).toBe(2)
  })

  it('shares a failure, and forgets it', async () => {
    let runs = 0
    const call = singleFlight(async () => {
      if (++runs === 1) throw new Error('first')
      return runs
    })
    await expect(Promise.all([call({}), call({})])).rejects.toThrow('first')
    expect(await call({})).toBe(2)
  })

  it('aborts the run when the last caller leaves, not before', async () => {
    let inner: AbortSignal | undefined
    const call = singleFlight((signal) => {
      inner = signal
      return new Promise<void>(() => {})
    })
    const [one, two] = [new AbortController(), new AbortController()]
    const works = [call({ signal: one.signal }), call({ signal: two.signal })]
    one.abort(new Error('one'))
    await expect(works[0]).rejects.toThrow('one')
    expect(inner?.aborted).toBe(false)
    two.abort(new Error('two'))
    await expect(works[1]).rejects.toThrow('two')
    expect(inner?.aborted).toBe(true)
  })

  it('does not start for a caller that has left', async () => {
    const call = singleFlight(async () => 1)
    await expect(call({ signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone')
  })
})
