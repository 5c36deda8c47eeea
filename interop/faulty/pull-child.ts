// Pulls an image into a store, so that it can be killed: `node pull-child.ts DIRECTORY REFERENCE`.
import process from 'node:process'

import { codesOf, pullOnce } from './pull-once.ts'

const [, , directory = '', reference = ''] = process.argv
try {
  await pullOnce(directory, [reference])
} catch (error) {
  console.log(`${codesOf(error)}: ${String(error)}`)
  process.exitCode = 1
}
