import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { chmod, mkdir, rm, stat, symlink } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { isFileError, lockFile, lockHolder, tryLockFile, withFileLock } from './index.ts'

let directory: TempDir
let file: string

beforeEach(async () => {
  directory = await tempDir()
  file = path.join(directory.path, 'lock')
})
afterEach(async () => await directory[Symbol.asyncDispose]())

/** A process that holds the lock, and says so. */
function holdElsewhere(): ChildProcess {
  const program = `
    import { tryLockFile } from '@drayage/files'
    globalThis.held = await tryLockFile(process.argv[1])
    process.send('held')
    setInterval(() => {}, 1000)
  `
  return spawn(process.execPath, ['--input-type=module', '-e', program, file], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

test('a file has one holder at a time and exists as long as it is held', async () => {
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

test('disposing of a lock twice does not end the next one', async () => {
  const first = await tryLockFile(file)
  first?.[Symbol.dispose]()
  using next = await tryLockFile(file)
  first?.[Symbol.dispose]()
  expect(next).toBeDefined()
  expect(await tryLockFile(file)).toBeUndefined()
})

test('work runs one after another, and what it throws is thrown', async () => {
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

test('waiting ends with its signal', async () => {
  using _held = await tryLockFile(file)
  const stop = new AbortController()
  const waiting = withFileLock(file, async () => {}, { signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test('a holder in another process keeps others out until it is killed', async () => {
  const other = holdElsewhere()
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

test('a lock that is released leaves its file, or whatever has its name by then', async () => {
  const first = await lockFile(file)
  rmSync(file)
  using next = await tryLockFile(file)
  expect(next).toBeDefined()
  first.release()
  first[Symbol.dispose]()
  expect(existsSync(file)).toBe(true)
  expect(await tryLockFile(file)).toBeUndefined()
})

test('a created file has the permissions that are asked for', async () => {
  using _held = await lockFile(file, { mode: 0o600 })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('a directory that is missing, or removed while waiting for a lock, is distinguished from one that cannot be written', async () => {
  const folder = path.join(directory.path, 'folder')
  const inside = path.join(folder, 'lock')
  await expect(withFileLock(inside, async () => {})).rejects.toMatchObject({ fault: 'no-directory', path: inside })
  await mkdir(folder)
  const held = await lockFile(inside)
  const waiting = lockFile(inside)
  await rm(folder, { recursive: true })
  held.release()
  await expect(waiting).rejects.toSatisfy(isFileError)
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_FILE_LOCK', fault: 'no-directory', problem: 'unwritable' })
})

test('a directory that cannot be written is an error', async () => {
  const closed = path.join(directory.path, 'closed')
  await mkdir(closed)
  await chmod(closed, 0o555)
  if (process.geteuid?.() === 0) return
  await expect(tryLockFile(path.join(closed, 'lock'))).rejects.toMatchObject({ fault: 'unwritable' })
})

test('a link or a directory in the place of the file is refused', async () => {
  await symlink(path.join(directory.path, 'elsewhere'), file)
  await expect(tryLockFile(file)).rejects.toMatchObject({ code: 'ERR_FILE_LOCK', fault: 'no-file' })
  await expect(tryLockFile(directory.path)).rejects.toMatchObject({ fault: 'no-file' })
  expect(existsSync(path.join(directory.path, 'elsewhere'))).toBe(false)
})

test.runIf(existsSync('/proc/locks'))(
  'a holder is told of, waited for until it dies, and not for long when it is stopped',
  async () => {
    const other = holdElsewhere()
    try {
      await once(other, 'message')
      const { pid } = other
      expect(lockHolder(file)).toEqual({ pid, isStopped: false })
      other.kill('SIGSTOP')
      await expect.poll(() => lockHolder(file)).toEqual({ pid, isStopped: true })
      const told: unknown[] = []
      const waiting = lockFile(file, { onWait: (holder) => told.push(holder) })
      const stopped = lockFile(file, { stoppedHolderMs: 0 })
      await expect(stopped).rejects.toMatchObject({ code: 'ERR_FILE_LOCK', fault: 'held', pid })
      await expect(stopped).rejects.toThrow(`process ${pid}, which is stopped, holds it`)
      await expect.poll(() => told).toHaveLength(1)
      other.kill('SIGKILL')
      using held = await waiting
      expect(held.path).toBe(file)
      expect(told).toEqual([{ pid, isStopped: true }])
    } finally {
      other.kill('SIGKILL')
    }
  },
)
