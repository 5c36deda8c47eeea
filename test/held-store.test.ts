// What dray does with a store that a process holds which is stopped, as by Ctrl-Z.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'

import { buildImage, tempDir, writeOciLayout, type RunResult, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { drayIn } from './dray-process.ts'
import { makePlace, startCommand, type Place } from './faults/place.ts'

/** Begins a transaction as SQLite's users do, and says so. */
const HOLD = `
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(process.argv[1], { timeout: 5000 })
  database.exec(process.argv[2])
  console.log('held')
  setInterval(() => {}, 1000)`

let directory: TempDir
let place: Place
let holder: ChildProcess | undefined

beforeEach(async () => {
  directory = await tempDir()
  place = await makePlace(directory.path)
  const layout = path.join(directory.path, 'layout')
  await writeOciLayout(layout, await buildImage(), 'app:1')
  expect((await dray('load', '-i', layout)).code).toBe(0)
  expect((await dray('tag', 'app:1', 'app:2')).code).toBe(0)
})
afterEach(async () => {
  holder?.kill('SIGKILL')
  await directory[Symbol.asyncDispose]()
})

const dray = (...args: string[]): Promise<RunResult> => drayIn(directory.path, ...args)

async function hold(file: string, how: string): Promise<number> {
  holder = spawn(process.execPath, ['-e', HOLD, path.join(place.store, file), how], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  if (holder.stdout !== null) await once(holder.stdout, 'data')
  holder.kill('SIGSTOP')
  return holder.pid ?? 0
}

/** What reads succeeds. */
async function expectReads(): Promise<void> {
  const reads = [['images'], ['inspect', 'app:1'], ['save', '-o', path.join(directory.path, 'a.tar'), 'app:1'], ['df']]
  for (const args of reads) expect([args[0], (await dray(...args)).code]).toEqual([args[0], 0])
}

test.each([
  ['lock of images', 'images.lock', 'pragma journal_mode = memory; begin exclusive', ['rmi', 'app:2']],
  ['database', 'metadata.db', 'begin immediate', ['tag', 'app:1', 'app:3']],
])(
  'while a process that is stopped holds the %s, reading goes on, and a change fails with its number',
  async (_, file, how, change) => {
    const pid = await hold(file, how)
    // As of a writer that has journaled a change, and has not committed it.
    if (file === 'metadata.db') await appendFile(path.join(place.store, 'names.journal'), 'unfinished')
    const changing = dray(...change)
    await expectReads()
    const { code, stderr } = await changing
    expect(stderr).toContain(
      `process ${pid}, which is stopped, holds it\nhint: Continue it (kill -CONT ${pid}) or end it.`,
    )
    expect(code).toBe(6)
    holder?.kill('SIGKILL')
    expect((await dray(...change)).code).toBe(0)
  },
)

test('who waits for the lock of images says so, and can be interrupted', async () => {
  const pid = await hold('images.lock', 'pragma journal_mode = memory; begin exclusive')
  const { child, ended } = startCommand(place, ['rmi', 'app:2'])
  for await (const chunk of child.stderr ?? []) if (String(chunk).includes(`waiting for process ${pid}`)) break
  child.kill('SIGINT')
  expect((await ended).code).toBe(130)
  expect((await dray('images')).stdout).toMatch(/app +2 /)
})
