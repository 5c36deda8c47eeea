import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { flipFiles } from './flip-files.ts'

const seed = Number(process.env['DRAYAGE_DAMAGE_SEED'] ?? 1)

test(`a harmed file hides no image, is given out by nobody, and comes again (16 files, seed ${seed})`, async () => {
  await using directory = await tempDir()
  const faults = await flipFiles({ images: 4, sample: 16, seed, directory: directory.path, print: () => {} })
  expect(faults).toEqual([])
}, 300_000)
