import process from 'node:process'

import { boundMemory } from '@drayage/runtime'

import { EXIT } from './exit-code.ts'
import { main } from './main.ts'

/** Exit codes of a program that was stopped. */
const ENDED: readonly unknown[] = [EXIT.interrupted, EXIT.terminated, EXIT.readerGone]

// Node silently ends a program that waits for something that can no longer happen: that must not look like success.
process.exitCode = EXIT.failed
boundMemory()
process.exitCode = await main(process.argv.slice(2))
// Open input and unread output would keep a stopped program from ending.
if (ENDED.includes(process.exitCode)) process.exit()
