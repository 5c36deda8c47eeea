import { readdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { runOk, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { holdDirectory, removeLeftBehind, replaceFile, temporaryBeside } from './index.ts'

test('removeLeftBehind() removes what killed processes left, and nothing else', async () => {
  await using scratch = await tempDir()
  await using directory = await holdDirectory(scratch.path)
  const file = path.join(scratch.path, 'a.tar')
  const own = temporaryBeside(file)
  // The number of a process that has ended.
  const { stdout } = await runOk(process.execPath, ['-p', 'process.pid'])
  const dead = own.replace(`-${process.pid}-`, `-${stdout.trim()}-`)
  const elsewhere = own.replace(/\.[0-9a-f]{8}-/, '.00000000-')
  const old = elsewhere.replace(/[0-9a-f]{12}\.partial$/, '0123456789ab.partial')
  const earlier = path.join(scratch.path, '.a.tar.0123456789ab.partial')
  const others = [own, elsewhere, `${dead}.x`, dead.replace('.a.tar.', '.b.tar.'), `${file}.partial`]
  for (const each of [dead, old, earlier, ...others]) await writeFile(each, 'x')
  const longAgo = Date.now() / 1000 - 48 * 3600
  for (const each of [old, earlier, `${file}.partial`]) await utimes(each, longAgo, longAgo)
  if (directory !== undefined) await removeLeftBehind({ directory, name: 'a.tar' })
  expect(await readdir(scratch.path)).toEqual(others.map((each) => path.basename(each)).toSorted())
  await replaceFile(file, 'new')
  expect(await readdir(scratch.path)).toContain('a.tar')
})
