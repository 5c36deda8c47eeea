import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { openFileStore } from './open-file-store.ts'
import { prepareStoreDirectory, STORE_LAYOUT } from './prepare-store-directory.ts'
import { runChild } from '../../test/run-child.ts'

test("a store that is created under umask 000 is its owner's alone", async () => {
  await using directory = await tempDir()
  expect(await runChild(directory.path, 'open')).toEqual({ ended: 0, output: '' })
  const store = path.join(directory.path, 'store')
  expect((await stat(store)).mode & 0o777).toBe(0o700)
  expect((await stat(path.join(store, 'version'))).mode & 0o777).toBe(0o600)
})

test('prepareStoreDirectory() takes many at once and leaves one version file', async () => {
  await using directory = await tempDir()
  const store = path.join(directory.path, 'deep/store')
  await Promise.all(Array.from({ length: 20 }, () => prepareStoreDirectory(store)))
  expect(await readdir(store)).toEqual(['version'])
  expect(await readFile(path.join(store, 'version'), 'utf8')).toBe(`${STORE_LAYOUT}\n`)
})

test.each(['', '\n', '\0\0'])('prepareStoreDirectory() writes a torn version file again (%j)', async (torn) => {
  await using directory = await tempDir()
  await writeFile(path.join(directory.path, 'version'), torn)
  await prepareStoreDirectory(directory.path)
  expect(await readFile(path.join(directory.path, 'version'), 'utf8')).toBe(`${STORE_LAYOUT}\n`)
})

test('prepareStoreDirectory() refuses a newer layout and changes nothing', async () => {
  await using directory = await tempDir()
  await writeFile(path.join(directory.path, 'version'), '2\n')
  await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({
    code: 'ERR_STORE_LAYOUT',
    directory: directory.path,
    message: expect.stringContaining('found layout version "2", expected 1'),
  })
  expect(await readFile(path.join(directory.path, 'version'), 'utf8')).toBe('2\n')
})

test('prepareStoreDirectory() takes a version with a changed bit for damage only where the database confirms it', async () => {
  await using directory = await tempDir()
  const version = path.join(directory.path, 'version')
  const changed = [...Buffer.from(`${STORE_LAYOUT}\n`)].flatMap((byte, at, all) =>
    [1, 2, 4, 8, 16, 32, 64, 128].map((bit) => Buffer.from(all.with(at, byte ^ bit))),
  )
  for (const bytes of changed.filter((each) => !/^1\s*$/.test(each.toString()))) {
    await writeFile(version, bytes)
    await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({ code: 'ERR_STORE_LAYOUT' })
  }
  await writeFile(version, `${STORE_LAYOUT}\n`)
  await using _store = await openFileStore(directory.path)
  for (const bytes of changed) {
    await writeFile(version, bytes)
    await prepareStoreDirectory(directory.path)
    expect((await readFile(version, 'utf8')).trim()).toBe(STORE_LAYOUT)
  }
  for (const newer of ['2\n', '11\n']) {
    await writeFile(version, newer)
    await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({ code: 'ERR_STORE_LAYOUT' })
  }
})

test('prepareStoreDirectory() refuses links and what is not a directory', async () => {
  await using directory = await tempDir()
  await mkdir(path.join(directory.path, 'elsewhere'))
  await symlink(path.join(directory.path, 'elsewhere'), path.join(directory.path, 'layers'))
  await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
  const file = path.join(directory.path, 'file')
  await writeFile(file, '')
  await expect(prepareStoreDirectory(file)).rejects.toMatchObject({ code: 'ERR_STORE_UNWRITABLE' })
})

test.runIf(process.geteuid?.() === 0)('prepareStoreDirectory() refuses a directory of another user', async () => {
  await using directory = await tempDir()
  await chown(directory.path, 12345, 12345)
  await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
})

test('prepareStoreDirectory() closes a store that every user may write to, and refuses another directory', async () => {
  await using directory = await tempDir()
  for (const mode of [0o777, 0o1777]) {
    await chmod(directory.path, mode)
    await prepareStoreDirectory(directory.path)
    expect((await stat(directory.path)).mode & 0o022).toBe(0)
  }
  await using other = await tempDir()
  await writeFile(path.join(other.path, 'file'), '')
  await chmod(other.path, 0o777)
  await expect(prepareStoreDirectory(other.path)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE' })
  expect(await readdir(other.path)).toEqual(['file'])
})

test.runIf(process.geteuid?.() === 0)(
  'prepareStoreDirectory() refuses a store where another user has put something',
  async () => {
    await using directory = await tempDir()
    await prepareStoreDirectory(directory.path)
    await chmod(directory.path, 0o777)
    const planted = path.join(directory.path, 'metadata.db-journal')
    await writeFile(planted, '')
    await chown(planted, 12345, 12345)
    await expect(prepareStoreDirectory(directory.path)).rejects.toMatchObject({
      code: 'ERR_STORE_UNSAFE',
      path: planted,
    })
  },
)

test.each(['metadata.db', 'metadata.db-wal', 'names.journal'])(
  'openFileStore() follows no link in the place of %s',
  async (name) => {
    await using directory = await tempDir()
    const outside = path.join(directory.path, 'outside')
    const store = path.join(directory.path, 'store')
    await mkdir(store, { mode: 0o700 })
    await symlink(outside, path.join(store, name))
    await expect(openFileStore(store)).rejects.toMatchObject({ code: 'ERR_STORE_UNSAFE', path: path.join(store, name) })
    expect(await readdir(directory.path)).toEqual(['store'])
  },
)

test("the metadata of a store is its owner's alone", async () => {
  await using directory = await tempDir()
  const store = path.join(directory.path, 'store')
  await using opened = await openFileStore(store)
  await opened.images.listNames()
  for (const name of ['metadata.db', 'metadata.db-wal', 'metadata.db-shm']) {
    expect([name, (await stat(path.join(store, name))).mode & 0o777]).toEqual([name, 0o600])
  }
})

test('prepareStoreDirectory() waits for no pipe in the place of the version', async () => {
  await using directory = await tempDir()
  execFileSync('mkfifo', [path.join(directory.path, 'version')])
  await prepareStoreDirectory(directory.path)
  expect(await readFile(path.join(directory.path, 'version'), 'utf8')).toBe(`${STORE_LAYOUT}\n`)
})
