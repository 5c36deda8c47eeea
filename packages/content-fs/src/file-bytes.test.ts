import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { randomBytes } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { fileBytes } from './file-bytes.ts'
import { temporaryDirectory } from './test/temporary-directory.ts'

test.each([0, 1, 500, 262_144, 262_145, 1_000_000])(
  'fileBytes() gives %i bytes in arrays that take little more memory than they hold',
  async (size) => {
    const file = join(await temporaryDirectory(), 'file')
    const bytes = randomBytes(size, size)
    await writeFile(file, bytes)
    await using handle = await open(file)
    const blocks = await Array.fromAsync(fileBytes(handle, { start: 0 }))
    expect(Buffer.concat(blocks).equals(bytes)).toBe(true)
    for (const block of blocks) expect(block.buffer.byteLength).toBeLessThanOrEqual(2 * block.byteLength)
  },
)
