// dray stopped while it reads a pipe that stays open, as a user stops it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

import { tempDir } from '@drayage/testkit'
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
