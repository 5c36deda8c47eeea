import { describe, expect, test } from 'vitest'

import { PROGRESS_BYTES } from '../defaults.ts'
import { Progress } from './progress.ts'

const doubt = Object.assign(new Error('odd'), { doubtful: true })

describe('Progress', () => {
  test('tells of each step, however many tries it took', () => {
    const progress = new Progress(100 * PROGRESS_BYTES, 10)
    const passed = [1, PROGRESS_BYTES - 1, 1, PROGRESS_BYTES].map((more) => {
      progress.offset += more
      return progress.hasPassed()
    })
    expect(passed).toEqual([false, true, false, true])
  })

  test('asks a tenth of a small blob, and never nothing', () => {
    const small = new Progress(1000)
    small.offset = 99
    expect(small.hasPassed()).toBe(false)
    small.offset = 100
    expect(small.hasPassed()).toBe(true)
    expect(new Progress(0).hasPassed()).toBe(false)
  })

  test('counts what was dropped once', () => {
    const progress = new Progress(1000, 500)
    progress.offset = 0
    expect(progress.hasPassed()).toBe(false)
    progress.offset = 550
    expect(progress.hasPassed()).toBe(false)
  })

  test('forgets doubts of what came before a step', () => {
    const progress = new Progress(1000)
    expect([1, 2, 3].map(() => progress.judge(doubt))).toEqual([true, true, false])
    progress.offset = 100
    progress.hasPassed()
    expect([1, 2, 3].map(() => progress.judge(doubt))).toEqual([true, true, false])
  })
})
