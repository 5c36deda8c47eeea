import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { checkFullDisk, makeStoreImage } from './full-disk.ts'
import { whyNoDisks } from './small-disk.ts'

const reason = await whyNoDisks()

test.skipIf(reason !== undefined).each([
  [1024, { bytes: 0 }],
  [1024, { bytes: 36 * 1024 }],
  [4096, { bytes: 0 }],
  [4096, { inodes: 0 }],
])(
  'on a disk with blocks of %i and %j left, images are shown, and removed to make room',
  async (blockBytes, fullness) => {
    await using scratch = await tempDir()
    const image = await makeStoreImage(scratch.path, blockBytes)
    for (const isDaemon of [false, true]) {
      expect(await checkFullDisk({ image, directory: scratch.path, fullness, isDaemon })).toEqual([])
    }
  },
)
