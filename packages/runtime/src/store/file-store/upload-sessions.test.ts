import { readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
import { expect, test } from 'vitest'

import { createFileSessions } from './upload-sessions.ts'

test('createFileSessions() keeps, replaces and forgets sessions, also for another process', async () => {
  await using directory = await tempDir()
  const kept = path.join(directory.path, 'uploads')
  const sessions = createFileSessions(kept)
  expect(await sessions.load('a key/with:signs')).toBeUndefined()
  await sessions.save('a key/with:signs', 'https://registry.test/1')
  await sessions.save('a key/with:signs', 'https://registry.test/2')
  expect(await createFileSessions(kept).load('a key/with:signs')).toBe('https://registry.test/2')
  await sessions.forget('a key/with:signs')
  expect(await sessions.load('a key/with:signs')).toBeUndefined()
  expect(await readdir(kept)).toEqual([])
  await sessions.forget('never kept')
})

test('createFileSessions() gives a key to one at a time, also of several processes', async () => {
  await using directory = await tempDir()
  const kept = path.join(directory.path, 'uploads')
  {
    using claim = await createFileSessions(kept).claim('key')
    expect(claim).toBeDefined()
    expect(await createFileSessions(kept).claim('key')).toBeUndefined()
    using other = await createFileSessions(kept).claim('other')
    expect(other).toBeDefined()
  }
  using again = await createFileSessions(kept).claim('key')
  expect(again).toBeDefined()
  expect((await stat(kept)).mode & 0o777).toBe(0o700)
})

test('createFileSessions() keeps files for their owner only, and reads no large ones', async () => {
  await using directory = await tempDir()
  const sessions = createFileSessions(directory.path)
  await sessions.save('key', 'secret')
  const [name = ''] = await readdir(directory.path)
  expect((await stat(path.join(directory.path, name))).mode & 0o777).toBe(0o600)
  await writeFile(path.join(directory.path, name), 'x'.repeat(20_000))
  expect(await sessions.load('key')).toBeUndefined()
})

test('createFileSessions() rejects with the reason of its signal', async () => {
  await using directory = await tempDir()
  const reason = new Error('enough')
  const loading = createFileSessions(directory.path).load('key', { signal: AbortSignal.abort(reason) })
  await expect(loading).rejects.toBe(reason)
})
