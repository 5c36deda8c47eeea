import { readFile } from 'node:fs/promises'
import path from 'node:path'

import { createRuntime, transportsOf } from '@drayage/runtime'
import { expect, test } from 'vitest'

import { root } from '../scripts/workspace.ts'

/** Where all kinds of places are listed for readers, besides the help of `dray copy`. */
const LISTS = ['apps/cli/README.md', 'packages/runtime/README.md', 'packages/runtime/src/copy/copy-images.ts']

test.each(LISTS)('%s names every kind of place that the runtime knows', async (file) => {
  // The store is not opened.
  await using runtime = await createRuntime({ env: {}, home: '/nonexistent', storeDirectory: '/nonexistent' })
  const prefixes = transportsOf(runtime).map(({ prefix }) => prefix)
  const text = await readFile(path.join(root, file), 'utf8')
  expect(prefixes.filter((prefix) => !text.includes(` ${prefix}:`) && !text.includes(`\`${prefix}:`))).toEqual([])
})
