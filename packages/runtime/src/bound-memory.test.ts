import { spawnSync } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'

import { expect, test } from 'vitest'

const PROGRAM = `
import { boundMemory } from ${JSON.stringify(path.join(import.meta.dirname, 'bound-memory.ts'))}
boundMemory()
let most = 0
for (let round = 0; round < 400; round++) {
  Buffer.allocUnsafeSlow(1024 * 1024).fill(1)
  await new Promise((resolve) => setTimeout(resolve, 2))
  most = Math.max(most, process.memoryUsage().arrayBuffers)
}
process.stdout.write(String(most))
`

test('boundMemory() frees used buffers long before they are all that passed through, and lets the program end', () => {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM], { encoding: 'utf8' })
  expect(Number(stdout)).toBeGreaterThan(0)
  expect(Number(stdout)).toBeLessThan(200 * 1024 * 1024)
})
