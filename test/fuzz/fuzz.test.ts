import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { fuzz } from './fuzz.ts'

test('drayd survives hostile requests of a fixed seed', async () => {
  await using directory = await tempDir('drayage-fuzz-')
  const { cases, findings } = await fuzz({ seed: 1, directory: directory.path, cases: 250, durationMs: 60_000 })
  expect(findings).toEqual([])
  expect(cases).toBeGreaterThan(0)
})
