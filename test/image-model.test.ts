import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { openDrayageEngine } from './model/drayage-engine.ts'
import { runSequences } from './model/sequences.ts'

const seed = Number(process.env['DRAYAGE_MODEL_SEED'] ?? 1)

test(`6 sequences of pulls, removals, pushes, saves and loads end as the model says (seed ${seed})`, async () => {
  await using directory = await tempDir()
  const failed = await runSequences({
    ...{ count: 6, seed, steps: 40, directory: directory.path, isStrict: true },
    openEngine: (place) => openDrayageEngine({ directory: place }),
    print: () => {},
  })
  expect(failed).toEqual([])
}, 300_000)
