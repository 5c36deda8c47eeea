import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { PositionalOutput } from './archive-output.ts'
import { openFileOutput, type FileOutputOptions } from './file-output.ts'

let directory: TempDir
let target: string

beforeEach(async () => {
  directory = await tempDir()
  target = path.join(directory.path, 'out.tar')
})
afterEach(async () => await directory[Symbol.asyncDispose]())

async function open(options?: FileOutputOptions): Promise<PositionalOutput> {
  const output = await openFileOutput(target, options)
  if (!('writeAt' in output)) throw new TypeError('Cannot test: found a device, expected a file')
  return output
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

test('of two outputs that finish side by side without overwrite one does, and the other fails', async () => {
  for (let round = 0; round < 20; round++) {
    target = path.join(directory.path, `${round}.tar`)
    const outputs = [await open(), await open()]
    for (const [at, output] of outputs.entries()) await output.writeAt(bytesOf(`${at}`), 0)
    const ends = await Promise.allSettled(outputs.map((output) => output.finish(1)))
    const winner = ends.findIndex(({ status }) => status === 'fulfilled')
    expect(ends[1 - winner]).toMatchObject({ status: 'rejected', reason: { code: 'ERR_ARCHIVE_EXISTS' } })
    expect(await readFile(target, 'utf8')).toBe(`${winner}`)
  }
  expect(await readdir(directory.path)).toHaveLength(20)
})

test('an empty file is replaced, and another one with overwrite', async () => {
  await writeFile(target, '')
  const first = await open()
  await first.writeAt(bytesOf('first'), 0)
  await first.finish(5)
  expect(await readFile(target, 'utf8')).toBe('first')
  await expect(open()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_EXISTS' })
  const second = await open({ overwrite: true })
  await second.writeAt(bytesOf('second'), 0)
  await second.finish(6)
  expect(await readFile(target, 'utf8')).toBe('second')
  expect((await stat(target)).nlink).toBe(1)
  expect(await readdir(directory.path)).toEqual(['out.tar'])
})

test('openFileOutput() says why a file cannot be written', async () => {
  const lost = path.join(directory.path, 'none', 'a.tar')
  await expect(openFileOutput(lost)).rejects.toMatchObject({
    code: 'ERR_FILE_WRITE',
    problem: 'unwritable',
    path: lost,
  })
})
