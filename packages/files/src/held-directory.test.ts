import { lstat, mkdir, open, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { holdDirectory, holdPlace, publishFile, replaceHeldFile, withDirectoryLock } from './index.ts'

/** Links of other users can only be made by root. */
const isRoot = process.getuid?.() === 0
const NOBODY = 65_534
const SWAPPED = { code: 'ERR_UNSAFE_PATH', fault: 'changed', problem: 'unwritable' }
const LINK = { code: 'ERR_UNSAFE_PATH', fault: 'link' }

let root: TempDir
let work: string
let outside: string

beforeEach(async () => {
  root = await tempDir()
  work = path.join(root.path, 'work')
  outside = path.join(root.path, 'outside')
  await mkdir(work)
  await mkdir(outside)
})
afterEach(async () => await root[Symbol.asyncDispose]())

async function foreignLink(target: string, at: string): Promise<void> {
  const { lchown } = await import('node:fs/promises')
  await symlink(target, at)
  await lchown(at, NOBODY, NOBODY)
}

describe('holdDirectory()', () => {
  it('stays with its directory when another one takes the path', async () => {
    await using held = await holdDirectory(path.join(work, 'a', 'b'), { create: true })
    await rename(path.join(work, 'a'), path.join(work, 'moved'))
    await symlink(outside, path.join(work, 'a'))
    await writeFile(held.at('file'), 'x')
    expect(await readdir(path.join(work, 'moved', 'b'))).toEqual(['file'])
    expect(await readdir(outside)).toEqual([])
    await held.sync()
  })

  it('follows links of this user, and none below a held directory', async () => {
    await symlink('../outside', path.join(work, 'own'))
    await using held = await holdDirectory(path.join(work, 'own', 'new'), { create: true })
    expect(held.path).toBe(path.join(work, 'own', 'new'))
    expect(await readdir(outside)).toEqual(['new'])
    await using top = await holdDirectory(work)
    if (top === undefined) throw new TypeError('Cannot test: the directory is missing')
    await expect(holdDirectory('own', { within: top, create: true })).rejects.toMatchObject(LINK)
    await expect(holdDirectory('own/x', { within: top, create: true })).rejects.toMatchObject(LINK)
    expect(await holdDirectory('none', { within: top })).toBeUndefined()
  })

  it('says that a file is no directory, and gives up on links in a circle', async () => {
    await writeFile(path.join(work, 'file'), '')
    await expect(holdDirectory(path.join(work, 'file'))).rejects.toMatchObject({ code: 'ERR_FILE_WRITE' })
    await symlink('circle', path.join(work, 'circle'))
    await expect(holdDirectory(path.join(work, 'circle'))).rejects.toMatchObject(LINK)
  })

  it.skipIf(!isRoot)('follows no link of another user (skipped unless root)', async () => {
    await foreignLink(outside, path.join(work, 'theirs'))
    await expect(holdDirectory(path.join(work, 'theirs', 'x'), { create: true })).rejects.toMatchObject(LINK)
    expect(await readdir(outside)).toEqual([])
  })
})

describe('holdPlace()', () => {
  it('follows a link of this user to a file, and leads to the file behind a pipe of the system', async () => {
    await symlink('../outside/file', path.join(work, 'link'))
    await using place = await holdPlace(path.join(work, 'link'))
    await replaceHeldFile(place, 'text')
    expect(await readFile(path.join(outside, 'file'), 'utf8')).toBe('text')
    expect((await lstat(path.join(work, 'link'))).isSymbolicLink()).toBe(true)
    await expect(holdPlace(path.join(work, 'none', 'file'))).rejects.toMatchObject({ code: 'ERR_FILE_WRITE' })
  })

  it.skipIf(!isRoot)('follows no link of another user to a file (skipped unless root)', async () => {
    await foreignLink(path.join(outside, 'file'), path.join(work, 'link'))
    await expect(holdPlace(path.join(work, 'link'))).rejects.toMatchObject(LINK)
  })
})

describe('publishFile()', () => {
  it('refuses a link or a missing file in the place of what was written', async () => {
    await using held = await holdDirectory(work, { create: true })
    await writeFile(path.join(outside, 'secret'), 'secret')
    await writeFile(path.join(work, 'to'), 'old')
    await using file = await open(held.at('from'), 'wx', 0o600)
    await rm(path.join(work, 'from'))
    const publish = async (): Promise<void> =>
      await publishFile(file, { directory: held, name: 'from' }, { directory: held, name: 'to' })
    await expect(publish()).rejects.toMatchObject(SWAPPED)
    await symlink(path.join(outside, 'secret'), path.join(work, 'from'))
    await expect(publish()).rejects.toMatchObject(SWAPPED)
    expect(await readFile(path.join(work, 'to'), 'utf8')).toBe('old')
  })
})

describe('withDirectoryLock()', () => {
  it('lets one at a time in, leaves nothing, and takes the lock of a dead process over', async () => {
    await using held = await holdDirectory(work, { create: true })
    const lock = { directory: held, name: 'lock' }
    let inside = 0
    let most = 0
    const step = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside--
    }
    await mkdir(path.join(work, 'lock'))
    await Promise.all(Array.from({ length: 5 }, () => withDirectoryLock(lock, step)))
    expect([most, await readdir(work)]).toEqual([1, []])
    await expect(withDirectoryLock(lock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  })

  it('keeps a lock whose holder works for long, and ends a wait with its signal', async () => {
    await using held = await holdDirectory(work, { create: true })
    const lock = { directory: held, name: 'lock' }
    const end = Promise.withResolvers<void>()
    const holding = withDirectoryLock(lock, () => end.promise)
    await expect(
      withDirectoryLock(lock, async () => 'taken', { signal: AbortSignal.timeout(2600) }),
    ).rejects.toMatchObject({ name: 'TimeoutError' })
    end.resolve()
    await holding
    expect(await readdir(work)).toEqual([])
  })
})
