// The programs as they are bundled, on the oldest Node that is supported.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

import { run, tempDir } from '@drayage/testkit'

import { root } from '../scripts/workspace.ts'

const node = path.join(root, 'tools/node22/node_modules/.bin/node')

// There is no build of it for every machine that the tests run on.
describe.skipIf(!existsSync(node))('on the oldest supported Node', () => {
  test.each(['cli', 'daemon'])('every file of the bundled %s can be read', async (app) => {
    const directory = path.join(root, 'apps', app, 'dist')
    const files = readdirSync(directory).filter((file) => file.endsWith('.js'))
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      expect(await run(node, ['--check', path.join(directory, file)])).toMatchObject({ code: 0, stderr: '' })
    }
  })

  test('the programs start', async () => {
    await using store = await tempDir()
    const images = await run(node, [path.join(root, 'apps/cli/bin/dray.js'), '--store', store.path, 'images', '-q'])
    expect(images).toMatchObject({ code: 0, stdout: '' })
    const checked = await run(node, [path.join(root, 'apps/daemon/bin/drayd.js'), 'check-config', '--group', '0'])
    expect(checked).toMatchObject({ code: 0, stdout: 'group = "0"\n' })
  })
})
