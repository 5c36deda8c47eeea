import process from 'node:process'

import { boundMemory } from '@drayage/runtime'

import { main } from './main.ts'

/** 96 MiB: the buffers of many clients are in use at once, and collecting too often costs the time that they wait for. */
const WORTH_FREEING_BYTES = 96 * 1024 * 1024

// Node silently ends a program that waits for something that can no longer happen: that must not look like success.
process.exitCode = 1
boundMemory({ worthFreeingBytes: WORTH_FREEING_BYTES })
process.exitCode = await main(process.argv.slice(2))
