// Harms each file of a store, one at a time: deleted, emptied, cut, one bit flipped; and mends it from a registry:
//
//   npm run flip-files -- [--images N] [--sample N] [--skip N] [--seed S] [--keep DIRECTORY]
//
// By default all files of a store of 30 images. It exits with 1 when something did not hold, which it prints.
import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { tempDir } from '@drayage/testkit'

import { flipFiles } from './flip-files.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { images: text, sample: text, skip: text, seed: text, keep: text } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await using scratch = await tempDir('drayage-damage-')
const directory = values.keep ?? scratch.path
await mkdir(directory, { recursive: true })
console.log(`seed ${seed}`)
const faults = await flipFiles({
  images: Number(values.images ?? 30),
  sample: values.sample === undefined ? undefined : Number(values.sample),
  skip: Number(values.skip ?? 0),
  seed,
  directory,
  print: (line) => console.log(line),
})
console.log(faults.length === 0 ? 'all held' : `${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1
