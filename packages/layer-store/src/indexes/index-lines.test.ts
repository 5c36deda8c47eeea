import { fromBytes } from '@drayage/bytes'
import { expect, test } from 'vitest'

import { createIndexWriter, readIndex } from './index-lines.ts'
import type { LayerEntry } from './layer-entry.ts'

const ENTRIES = 20_000

function entryOf(number: number): LayerEntry {
  const name = `${Math.sin(number)}/file-${number}`
  return { name, type: 'file', size: 0, mode: 0o644, uid: 0, gid: 0, mtime: 0, offset: 512 * number }
}

test('createIndexWriter() empties each part once it is written, and the parts are the index', async () => {
  const parts: Uint8Array[] = []
  const kept: Uint8Array[] = []
  const writer = createIndexWriter(async (part) => {
    parts.push(part)
    kept.push(new Uint8Array(part))
  })
  for (let number = 0; number < ENTRIES; number++) {
    writer.add(entryOf(number))
    await writer.flush()
  }
  await writer.finish()
  expect(parts.length).toBeGreaterThan(3)
  expect(parts.map((part) => part.buffer.byteLength)).toEqual(parts.map(() => 0))
  const names: string[] = []
  for await (const { name } of readIndex(fromBytes(...kept), {})) names.push(name)
  expect(names).toEqual(Array.from({ length: ENTRIES }, (_, number) => entryOf(number).name))
})
