import { expect, test } from 'vitest'

import { runSchedules } from './model/schedules.ts'

test('no schedule of pulls, removals, sweeps and crashes loses content that is needed, or keeps what is not', async () => {
  await expect(runSchedules({ count: 1000, seed: 11 })).resolves.toBeUndefined()
})
