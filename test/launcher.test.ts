import path from 'node:path'
import { expect, test } from 'vitest'

import { capture, root } from '../scripts/workspace.ts'

const launcher = path.join(root, 'apps/cli/bin/dray.js')

test('dray on a Node that is too old says which one it needs', async () => {
  // A version of Node cannot be had in a test, so its report of itself is replaced before the launcher starts.
  const old = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.8'});Object.defineProperty(process,'version',{value:'v18.20.8'})`
  const { status, output } = await capture(process.execPath, ['--import', old, launcher, '--version'])
  expect(output).toMatch(/^dray needs Node 22\.19 or newer, this is v18\.20\.8: .*\n$/)
  expect(status).toBe(1)
})
