import { chmod, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { collect, isBytesError } from '@drayage/bytes'
import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import {
  fileBytes,
  FileWriteError,
  isFileError,
  openRegularFile,
  readSmallFile,
  replaceFile,
  syncDirectory,
  syncDirectorySync,
  systemCode,
  unlessMissing,
  writeFailure,
  writeFully,
} from './index.ts'

let directory: TempDir
let file: string

beforeEach(async () => {
  directory = await tempDir()
  file = path.join(directory.path, 'file')
})
afterEach(async () => await directory[Symbol.asyncDispose]())

describe('replaceFile()', () => {
  it('gives a file its content and its permissions, and leaves nothing next to it', async () => {
    await replaceFile(file, 'old')
    await replaceFile(file, new Uint8Array([110, 101, 119]), { mode: 0o600 })
    expect(await readFile(file, 'utf8')).toBe('new')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(directory.path)).toEqual(['file'])
  })

  it('keeps the old content and cleans up when it fails', async () => {
    await mkdir(file)
    await expect(replaceFile(file, 'new')).rejects.toMatchObject({ code: 'ERR_FILE_WRITE', path: file, fault: 'other' })
    expect(await readdir(directory.path)).toEqual(['file'])
    await expect(replaceFile(path.join(directory.path, 'none', 'file'), 'x')).rejects.toSatisfy(isFileError)
  })
})

describe('syncDirectory()', () => {
  it('reports a directory that does not exist', async () => {
    const missing = path.join(directory.path, 'none')
    await expect(syncDirectory(missing)).rejects.toMatchObject({ code: 'ERR_FILE_WRITE', path: missing })
    expect(() => syncDirectorySync(missing)).toThrow(FileWriteError)
    await syncDirectory(directory.path)
    syncDirectorySync(directory.path)
  })
})

describe('writeFully()', () => {
  it('writes at a position, or after what was written last', async () => {
    await using handle = await open(file, 'w')
    await writeFully(handle, new Uint8Array([97, 98]), null)
    await writeFully(handle, new Uint8Array([99]), null)
    await writeFully(handle, new Uint8Array([120]), 0)
    expect(await readFile(file, 'utf8')).toBe('xbc')
  })
})

describe('openRegularFile()', () => {
  it('finds nothing where a link, a directory or nothing has the name', async () => {
    await writeFile(file, 'x')
    await symlink(file, `${file}-link`)
    const found = await openRegularFile(file)
    expect(found?.size).toBe(1)
    await found?.handle.close()
    for (const other of [`${file}-link`, directory.path, `${file}-none`, path.join(file, 'below')]) {
      expect(await openRegularFile(other)).toBeUndefined()
    }
  })
})

describe('fileBytes()', () => {
  it('reads from one position to another, in as many blocks as it takes', async () => {
    const bytes = Uint8Array.from({ length: 600_000 }, (_, at) => at % 251)
    await writeFile(file, bytes)
    await using handle = await open(file)
    expect(Buffer.from(await collect(fileBytes(handle), { maxBytes: 1e6 })).equals(bytes)).toBe(true)
    const part = await collect(fileBytes(handle, { start: 262_143, end: 524_290 }), { maxBytes: 1e6 })
    expect(Buffer.from(part).equals(bytes.subarray(262_143, 524_290))).toBe(true)
  })

  it('stops with its signal', async () => {
    await writeFile(file, 'x')
    await using handle = await open(file)
    const reading = collect(fileBytes(handle, { signal: AbortSignal.abort(new Error('stop')) }), { maxBytes: 1 })
    await expect(reading).rejects.toThrow('stop')
  })
})

describe('readSmallFile()', () => {
  it('reads a file up to its limit', async () => {
    await writeFile(file, 'abc')
    expect(String(await readSmallFile(file, { maxBytes: 3 }))).toBe('97,98,99')
    await expect(readSmallFile(file, { maxBytes: 2 })).rejects.toSatisfy(isBytesError)
    expect(await readSmallFile(`${file}-none`, { maxBytes: 3 })).toBeUndefined()
  })
})

describe('writeFailure()', () => {
  const system = (code: string, errno: number): Error =>
    Object.assign(new Error(code), { code, errno, syscall: 'write', path: '/x' })

  it.each([
    ['ENOSPC', -28, 'full', 'no space is left on its file system'],
    ['Unknown system error -122', -122, 'full', 'the disk quota is used up'],
    ['EROFS', -30, 'denied', 'its file system is read-only'],
    ['EACCES', -13, 'denied', 'permission denied'],
    ['EIO', -5, 'disk', 'the disk reports an error'],
    ['EMFILE', -24, 'limit', 'too many files are open in this process'],
    ['ENFILE', -23, 'limit', 'too many files are open on this machine'],
    ['EISDIR', -21, 'other', 'illegal operation on a directory'],
  ])('says what %s means', (code, errno, fault, words) => {
    const error = writeFailure(system(code, errno), '/x/y')
    expect(error).toMatchObject({ code: 'ERR_FILE_WRITE', fault, problem: 'unwritable', path: '/x/y' })
    expect(String(error)).toContain(`Cannot write "/x/y": ${words}`)
    expect(systemCode(error instanceof Error ? error.cause : undefined)).toBe(code)
  })

  it('gives back an error that is not of the system, and names the outer of two paths', () => {
    const other = Object.assign(new Error('other'), { code: 'ERR_OTHER' })
    expect(writeFailure(other, '/x')).toBe(other)
    const wrapped = writeFailure(system('EIO', -5), '/x')
    expect(writeFailure(wrapped, '/y')).toMatchObject({ path: '/y', fault: 'disk', cause: { code: 'EIO' } })
  })
})

describe('unlessMissing()', () => {
  it('gives undefined for a file that is missing, and throws any other failure', async () => {
    expect(await unlessMissing(readFile(file))).toBeUndefined()
    await mkdir(file)
    await chmod(file, 0o755)
    await expect(unlessMissing(Promise.reject(new Error('other')))).rejects.toThrow('other')
  })
})
