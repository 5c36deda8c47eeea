import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { runOk, tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { disk, FileReadError, FileWriteError, isMissing, lockFile, systemCode } from './index.ts'

test('disk rejects with typed errors that name the path and what was tried', async () => {
  await using directory = await tempDir()
  const missing = path.join(directory.path, 'none')
  const below = path.join(missing, 'x')
  const read = (action: string, at = missing): object => ({ code: 'ERR_FILE_READ', path: at, action, fault: 'missing' })
  const write = (action: string, at = missing): object => ({
    code: 'ERR_FILE_WRITE',
    path: at,
    action,
    fault: 'missing',
  })
  await expect(disk.open(missing)).rejects.toMatchObject(read('open'))
  await expect(disk.readFile(missing)).rejects.toMatchObject(read('open'))
  await expect(disk.readdir(missing)).rejects.toMatchObject(read('list'))
  await expect(disk.lstat(missing)).rejects.toMatchObject(read('look at'))
  await expect(disk.realpath(missing)).rejects.toMatchObject(read('look at'))
  await expect(Array.fromAsync(disk.entries(missing))).rejects.toMatchObject(read('list'))
  await expect(disk.open(below, 'wx')).rejects.toMatchObject(write('open', below))
  await expect(disk.mkdir(below)).rejects.toMatchObject(write('create', below))
  await expect(disk.rename(missing, below)).rejects.toMatchObject(write('rename'))
  await expect(disk.rmdir(missing)).rejects.toMatchObject(write('remove'))
  const taken = disk.writeFile(directory.path, '')
  await expect(taken).rejects.toMatchObject({ ...write('open', directory.path), fault: 'other' })
  const error: unknown = await disk.lstat(missing).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(FileReadError)
  expect(String(error)).toContain(`Cannot look at "${missing}": no such file or directory`)
  expect([isMissing(error), systemCode(error)]).toEqual([true, 'ENOENT'])
})

test('disk.mkdir() makes directories above, and says which one it made first or why it made none', async () => {
  await using scratch = await tempDir()
  const below = path.join(scratch.path, 'a', 'b', 'c')
  expect(await disk.mkdir(below, { recursive: true })).toBe(path.join(scratch.path, 'a'))
  expect(await disk.mkdir(below, { recursive: true })).toBeUndefined()
  expect(await disk.mkdir(path.join(below, 'd'), { recursive: true, mode: 0o700 })).toBe(path.join(below, 'd'))
  expect((await disk.stat(path.join(below, 'd'))).mode & 0o777).toBe(0o700)
  const file = path.join(below, 'file')
  await writeFile(file, '')
  await expect(disk.mkdir(file, { recursive: true })).rejects.toMatchObject({ path: file, action: 'create' })
  const behind = path.join(file, 'x', 'y')
  await expect(disk.mkdir(behind, { recursive: true })).rejects.toMatchObject({ path: behind, fault: 'missing' })
  const many = Array.from({ length: 8 }, () => disk.mkdir(path.join(scratch.path, 'm', 'n'), { recursive: true }))
  expect((await Promise.allSettled(many)).filter(({ status }) => status === 'rejected')).toEqual([])
})

test.runIf(process.platform === 'linux')('disk.mkdir() ends where nobody can make a directory', async () => {
  await expect(disk.mkdir('/proc/none/x', { recursive: true })).rejects.toMatchObject({
    code: 'ERR_FILE_WRITE',
    action: 'create',
  })
})

test('the handles of disk do, too, and still close themselves', async () => {
  await using directory = await tempDir()
  const file = path.join(directory.path, 'file')
  await writeFile(file, 'abc')
  {
    await using folder = await disk.open(directory.path)
    await expect(folder.read(new Uint8Array(1), 0, 1, 0)).rejects.toMatchObject({
      code: 'ERR_FILE_READ',
      action: 'read',
    })
  }
  await using reading = await disk.open(file)
  expect(await reading.readFile('utf8')).toBe('abc')
  const failed: unknown = await reading.write(new Uint8Array(1)).catch((caught: unknown) => caught)
  expect(failed).toBeInstanceOf(FileWriteError)
  expect(failed).toMatchObject({ path: file, action: 'write' })
})

test.runIf(process.getuid?.() === 0)(
  'a full file system is told by a write, and by a lock without an inode',
  async () => {
    await using directory = await tempDir()
    await mkdir(path.join(directory.path, 'full'))
    const full = path.join(directory.path, 'full')
    try {
      await runOk('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=3', 'tmpfs', full])
    } catch {
      return // Where nothing may be mounted.
    }
    try {
      const file = path.join(full, 'file')
      await using handle = await disk.open(file, 'w')
      const wrote = handle.writeFile(new Uint8Array(1 << 20))
      await expect(wrote).rejects.toMatchObject({ code: 'ERR_FILE_WRITE', path: file, fault: 'full' })
      await disk.writeFile(path.join(full, 'last'), '')
      const locked = lockFile(path.join(full, 'lock'))
      await expect(locked).rejects.toMatchObject({
        code: 'ERR_FILE_LOCK',
        message: expect.stringContaining('no space is left on its file system'),
        hint: expect.stringContaining('Free some space'),
      })
    } finally {
      await runOk('umount', ['-l', full])
    }
  },
)
