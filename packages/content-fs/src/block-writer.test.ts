import { open } from 'node:fs/promises'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createBlockWriter, WRITE_BYTES } from './block-writer.ts'

test('BlockWriter.flush() frees the blocks that it wrote with, and more can be written', async () => {
  await using directory = await tempDir()
  await using file = await open(path.join(directory.path, 'file'), 'w+')
  const blocks: Uint8Array[] = []
  const written: number[] = []
  const writer = createBlockWriter(file, {
    start: 0,
    onBlock: (block) => void blocks.push(block),
    onWritten: (position) => void written.push(position),
    onSyncDue: () => {},
  })
  await writer.write(new Uint8Array(2 * WRITE_BYTES + 10).fill(1))
  await writer.flush()
  expect(blocks.map((block) => block.buffer.byteLength)).toEqual([0, 0, 0])
  await writer.write(new Uint8Array(5).fill(2))
  await writer.flush()
  expect(written.at(-1)).toBe(2 * WRITE_BYTES + 15)
  const bytes = await file.readFile()
  expect([bytes.at(2 * WRITE_BYTES + 9), bytes.at(-1)]).toEqual([1, 2])
})
