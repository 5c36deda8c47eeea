// dray stopped while it waits for a pipe, as a user stops it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { buildImage, randomBytes, runOk, tempDir, writeOciLayout } from '@drayage/testkit'
import { expect, test } from 'vitest'

const program = path.resolve(import.meta.dirname, '../apps/cli/bin/dray.js')

test.each([
  ['load', 'x'],
  ['sync', '#'],
])('dray %s ends at SIGINT while its pipe stays open', async (verb, begin) => {
  await using scratch = await tempDir()
  const env = { ...process.env, HOME: scratch.path, DRAYAGE_STORE: path.join(scratch.path, 'store') }
  const args = verb === 'sync' ? [program, verb, '-'] : [program, verb]
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
  try {
    child.stdin.on('error', () => {})
    const closed = once(child, 'close')
    // More than waits in a pipe: when it is written, dray reads.
    await new Promise((resolve) => child.stdin.write(begin.repeat(4_000_000), resolve))
    child.kill('SIGINT')
    expect(await closed).toEqual([130, null])
  } finally {
    child.kill('SIGKILL')
  }
})

test('dray save exits at SIGINT even if its pipe is not read', async () => {
  await using scratch = await tempDir()
  const layout = path.join(scratch.path, 'layout')
  const layers = [[{ path: 'a', content: randomBytes(1, 5_000_000) }]]
  await writeOciLayout(layout, await buildImage({ layers }), 'app:1')
  const env = { ...process.env, HOME: scratch.path, DRAYAGE_STORE: path.join(scratch.path, 'store') }
  await runOk(process.execPath, [program, 'load', '-q', '-i', layout], { env })
  const child = spawn(process.execPath, [program, 'save', 'app:1'], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const ended = once(child, 'exit')
    await once(child.stdout, 'readable')
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
  } finally {
    child.kill('SIGKILL')
  }
})

test('dray ends at SIGTERM although a thread waits for the other end of a pipe', async () => {
  await using scratch = await tempDir()
  const pipe = path.join(scratch.path, 'pipe')
  execFileSync('mkfifo', [pipe])
  const env = { ...process.env, HOME: scratch.path, DRAYAGE_STORE: path.join(scratch.path, 'store') }
  for (const args of [
    ['sync', pipe],
    ['load', '-i', pipe],
  ]) {
    const child = spawn(process.execPath, [program, ...args], { env, stdio: 'ignore' })
    const ended = once(child, 'close')
    // It waits for a writer by then; one that has not come so far is ended all the same.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    child.kill('SIGTERM')
    const [code, signal]: unknown[] = await ended
    expect([args[0], code === 143 || signal === 'SIGTERM']).toEqual([args[0], true])
  }
})
