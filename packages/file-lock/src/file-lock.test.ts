import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { isFileLockError, tryLockFile, withFileLock } from './index.ts'

let directory: TempDir
let file: string

beforeEach(async () => {
  directory = await tempDir()
  file = path.join(directory.path, 'lock')
})
afterEach(async () => await directory[Symbol.asyncDispose]())

test('one holder at a time has a file, which is there as long as it is held', async () => {
  {
    using held = await tryLockFile(file)
    expect(held?.path).toBe(file)
    expect(existsSync(file)).toBe(true)
    expect(await tryLockFile(file)).toBeUndefined()
  }
  expect(existsSync(file)).toBe(false)
  using next = await tryLockFile(file)
  expect(next).toBeDefined()
})

test('a lock that is disposed of twice does not let go of the next one', async () => {
  const first = await tryLockFile(file)
  first?.[Symbol.dispose]()
  using next = await tryLockFile(file)
  first?.[Symbol.dispose]()
  expect(next).toBeDefined()
  expect(await tryLockFile(file)).toBeUndefined()
})

test('work is done one after another, however many want to, and what it throws is thrown', async () => {
  let inside = 0
  let most = 0
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inside--
  }
  await Promise.all(Array.from({ length: 8 }, () => withFileLock(file, work)))
  expect(most).toBe(1)
  await expect(withFileLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await tryLockFile(file)).toBeDefined()
})

test('a wait ends with its signal', async () => {
  using _held = await tryLockFile(file)
  const stop = new AbortController()
  const waiting = withFileLock(file, async () => {}, { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test('a holder in another process keeps others out until it is killed', async () => {
  const program = `
    import { tryLockFile } from '@drayage/file-lock'
    globalThis.held = await tryLockFile(process.argv[1])
    process.send('held')
    setInterval(() => {}, 1000)
  `
  const other = spawn(process.execPath, ['--input-type=module', '-e', program, file], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await once(other, 'message')
    expect(await tryLockFile(file)).toBeUndefined()
  } finally {
    other.kill('SIGKILL')
  }
  await once(other, 'exit')
  using held = await tryLockFile(file)
  expect(held).toBeDefined()
})

test('a file that cannot be made is an error, and nothing to wait for', async () => {
  await expect(withFileLock(path.join(directory.path, 'none', 'lock'), async () => {})).rejects.toSatisfy(
    isFileLockError,
  )
  await mkdir(path.join(directory.path, 'closed'))
  await chmod(path.join(directory.path, 'closed'), 0o555)
  if (process.geteuid?.() === 0) return
  await expect(tryLockFile(path.join(directory.path, 'closed', 'lock'))).rejects.toSatisfy(isFileLockError)
})
