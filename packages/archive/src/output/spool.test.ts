import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createSpool, createSpoolMemory } from './spool.ts'

const bytesOf = async (source: AsyncIterable<Uint8Array>): Promise<number[]> => {
  const all: number[] = []
  for await (const chunk of source) all.push(...chunk)
  return all
}

test('createSpool() shares memory with other spools, and gives it back when it is read or disposed', async () => {
  await using work = await tempDir()
  const memory = createSpoolMemory(3)
  const isFull = (): boolean => {
    const taken = memory.take(1)
    if (taken) memory.give(1)
    return !taken
  }
  await using first = createSpool(work.path, memory)
  const second = createSpool(work.path, memory)
  await first.append(new Uint8Array([1, 2]))
  await second.append(new Uint8Array([3]))
  expect(isFull()).toBe(true)
  await first.append(new Uint8Array([4, 5]))
  expect([first.size, await bytesOf(first.read())]).toEqual([4, [1, 2, 4, 5]])
  expect(memory.take(2)).toBe(true)
  expect(isFull()).toBe(true)
  await second[Symbol.asyncDispose]()
  expect(isFull()).toBe(false)
})

test('createSpool() keeps no block for a few bytes of it', async () => {
  await using work = await tempDir()
  await using spool = createSpool(work.path, createSpoolMemory(10))
  const block = new Uint8Array(1000)
  await spool.append(block.fill(7).subarray(0, 2))
  block.fill(8)
  for await (const chunk of spool.read()) expect([...chunk, chunk.buffer.byteLength]).toEqual([7, 7, 2])
})

test('createSpool() leaves an array alone that its reader failed with: it may be being written', async () => {
  await using work = await tempDir()
  const memory = createSpoolMemory(2)
  await using spool = createSpool(work.path, memory)
  const kept = new Uint8Array([1, 2])
  await spool.append(kept)
  const failing = async (): Promise<void> => {
    for await (const chunk of spool.read()) throw new Error(`failed with ${chunk.byteLength}`)
  }
  await expect(failing()).rejects.toThrow('failed with 2')
  expect(kept).toEqual(new Uint8Array([1, 2]))
  expect(memory.take(2)).toBe(true)
})
