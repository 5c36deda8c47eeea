import path from 'node:path'
import { expect, test } from 'vitest'

import { capture, root } from '../scripts/workspace.ts'

const setup = path.join(root, 'scripts/setup.mjs')

test.each([['--unknown'], ['--quiet', '--then'], ['file.ts']])(
  'setup %s %s says how it is used',
  async (...parameters) => {
    const { status, output } = await capture(process.execPath, [setup, ...parameters])
    expect(output).toMatch(/^Cannot set up: found ".*", expected \[--quiet\] \[--then <file> \[arguments\]\]\n$/)
    expect(status).toBe(1)
  },
)
