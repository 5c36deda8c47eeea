import process from 'node:process'

import { boundMemory } from '@drayage/runtime'

import { main } from './main.ts'

// Node ends a program that waits for something that can no longer come, without a word: that must not look like success.
process.exitCode = 1
boundMemory()
process.exitCode = await main(process.argv.slice(2))
