import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

import { forEachOf, withTaskGroup } from './task-group.ts'

describe('withTaskGroup()', () => {
  it('gives the result of its body once all tasks have ended', async () => {
    const ended: string[] = []
    const result = await withTaskGroup({}, async (group) => {
      void group.start(async () => {
        await delay(5)
        ended.push('first')
        // A task may start another one while the group already waits.
        void group.start(async () => void ended.push('second'))
      })
      return 'result'
    })
    expect([result, ended]).toEqual(['result', ['first', 'second']])
  })

  it('stops the rest at the first failure and throws it when all have ended', async () => {
    const reasons: unknown[] = []
    const failure = new Error('first')
    const group = withTaskGroup({}, async ({ start, signal }) => {
      void start(async (own) => {
        await delay(60_000, undefined, { signal: own }).catch(() => reasons.push(own.reason))
        await delay(5)
        reasons.push('ended')
        throw new Error('second')
      })
      void start(async () => Promise.reject(failure))
      await delay(60_000, undefined, { signal })
    })
    await expect(group).rejects.toBe(failure)
    expect(reasons).toEqual([failure, 'ended'])
  })

  it('stops at a failure of its body', async () => {
    let isStopped = false
    const failure = new Error('body')
    const group = withTaskGroup({}, async ({ start }) => {
      void start(async (own) => {
        await delay(60_000, undefined, { signal: own }).catch(() => (isStopped = true))
      })
      throw failure
    })
    await expect(group).rejects.toBe(failure)
    expect(isStopped).toBe(true)
  })

  it("stops its tasks with the reason of the caller's signal", async () => {
    const caller = new AbortController()
    const group = withTaskGroup({ signal: caller.signal }, async ({ start }) => {
      await start((own) => delay(60_000, undefined, { signal: own }).catch(() => Promise.reject(own.reason)))
    })
    const reason = new Error('stop')
    caller.abort(reason)
    await expect(group).rejects.toBe(reason)
  })
})

describe('forEachOf()', () => {
  it('does the work for each item, so many at a time', async () => {
    let [running, most] = [0, 0]
    const done: number[] = []
    await forEachOf(
      [1, 2, 3, 4, 5, 6, 7],
      async (item) => {
        most = Math.max(most, ++running)
        await delay(item % 3)
        running--
        done.push(item)
      },
      { limit: 3 },
    )
    expect([most, done.toSorted((a, b) => a - b)]).toEqual([3, [1, 2, 3, 4, 5, 6, 7]])
  })

  it('starts nothing more after a failure, and throws it when the rest has ended', async () => {
    const started: number[] = []
    const failure = new Error('third')
    const work = forEachOf(
      [1, 2, 3, 4, 5],
      async (item) => {
        started.push(item)
        if (item === 2) throw failure
        await delay(5)
      },
      { limit: 2 },
    )
    await expect(work).rejects.toBe(failure)
    expect(started).toEqual([1, 2])
  })
})
