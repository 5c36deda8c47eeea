import { mkdir, readdir, rm, stat, truncate } from 'node:fs/promises'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { openFileStore } from './open-file-store.ts'
import { openReserve } from './reserve.ts'

test('a store keeps 1 MiB for removals, and brings back what is missing of it', async () => {
  await using directory = await tempDir()
  const reserve = path.join(directory.path, 'reserve')
  const bytes = async (): Promise<number> => {
    const found = await Promise.all((await readdir(reserve)).map((name) => stat(path.join(reserve, name))))
    return found.reduce((sum, { blocks }) => sum + blocks * 512, 0)
  }
  for (const damage of [
    async () => {},
    async () => await rm(path.join(reserve, '3')),
    // As a power cut leaves it: with its size, without its blocks.
    async () => {
      await truncate(path.join(reserve, '5'), 0)
      await truncate(path.join(reserve, '5'), 65_536)
    },
    async () => await rm(reserve, { recursive: true }),
  ]) {
    await damage()
    const store = await openFileStore(directory.path)
    await store[Symbol.asyncDispose]()
    expect(await bytes()).toBe(1 << 20)
  }
})

test('a reserve that cannot be kept is no failure', async () => {
  await using directory = await tempDir()
  const gone = openReserve(path.join(directory.path, 'none'))
  gone.makeRoom()
  gone.refill()
  expect(gone.hasSpare()).toBe(false)
  expect(await readdir(directory.path)).toEqual([])
  await mkdir(path.join(directory.path, 'reserve/0'), { recursive: true })
  openReserve(directory.path).refill()
})

test('a disk with room has some to spare for what is not needed', async () => {
  await using directory = await tempDir()
  expect(openReserve(directory.path).hasSpare()).toBe(true)
})
