import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'

import { expect, test } from 'vitest'

// The message that a thread is done with its job, and its end, cross each other now and then.
const PROGRAM = `
import { createInflater } from ${JSON.stringify(path.join(import.meta.dirname, '../inflate/inflater.ts'))}
const block = new Uint8Array(65536)
for (let round = 0; round < 30; round++) {
  const stop = new AbortController()
  const inflater = createInflater({ workers: 1 })
  async function* endless() { for (;;) yield block }
  const { stream } = inflater.inflate(endless(), { signal: stop.signal })
  for await (const chunk of stream) break
  stop.abort()
  for (let turn = 0; turn < round; turn++) await new Promise((resolve) => setImmediate(resolve))
  await inflater[Symbol.asyncDispose]()
}
process.stdout.write('ended')
`

test('createInflater() keeps the program alive until its threads have ended, also when a job stops meanwhile', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  expect(stdout + stderr).toBe('ended')
})
