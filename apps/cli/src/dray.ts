import process from 'node:process'

import { boundMemory } from '@drayage/runtime'

import { EXIT } from './exit-code.ts'
import { main } from './main.ts'

/** What a program exits with that was stopped. */
const ENDED: readonly unknown[] = [EXIT.interrupted, EXIT.terminated, EXIT.readerGone]

// Node ends a program that waits for something that can no longer come, without a word: that must not look like success.
process.exitCode = EXIT.failed
boundMemory()
process.exitCode = await main(process.argv.slice(2))
// Input that nobody ends and output that nobody takes would keep the program from ending when it is stopped.
if (ENDED.includes(process.exitCode)) process.exit()
