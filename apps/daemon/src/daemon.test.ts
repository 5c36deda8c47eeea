import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import process from 'node:process'

import { tempDir, type TempDir } from '@drayage/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

const DRAYD = path.resolve(import.meta.dirname, '../bin/drayd.js')

let directory: TempDir
const running: ChildProcess[] = []

beforeEach(async () => {
  directory = await tempDir()
})
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  await directory[Symbol.asyncDispose]()
})

function start(...args: readonly string[]): ChildProcess {
  const store = path.join(directory.path, 'store')
  const child = spawn(process.execPath, [DRAYD, '--store', store, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  running.push(child)
  return child
}

async function line(child: ChildProcess): Promise<string> {
  const [chunk]: unknown[] = await once(child.stderr ?? child, 'data')
  return String(chunk)
}

async function get(socketPath: string, url: string): Promise<number | undefined> {
  const sent = request({ socketPath, path: url }).end()
  const [response]: unknown[] = await once(sent, 'response')
  return typeof response === 'object' && response !== null && 'statusCode' in response
    ? Number(response.statusCode)
    : undefined
}

test('drayd serves on a unix socket for its group, and ends when it is told to', async () => {
  const socket = path.join(directory.path, 'drayd.sock')
  const child = start('--host', `unix://${socket}`)
  expect(await line(child)).toContain('listening')
  expect((await stat(socket)).mode & 0o777).toBe(0o660)
  expect(await get(socket, '/_ping')).toBe(200)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('drayd ends with 2 for wrong usage and 1 where it cannot listen', async () => {
  expect(await once(start('--unknown'), 'exit')).toEqual([2, null])
  expect(await once(start('--host', 'file:///x'), 'exit')).toEqual([1, null])
})
