// Pulls images through a registry that faults one answer in five, and checks what arrived:
//
//   npm run faulty -- [--pulls N] [--seed S] [--only NUMBER] [--keep DIRECTORY]
//
// It exits with 1 when a pull was lost or wrong. See docs/pull-through-faults.md.
import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { tempDir } from '@drayage/testkit'

import { pullSoak } from './pull-soak.ts'
import { summarise } from './summary.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { pulls: text, seed: text, only: text, keep: text } })
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await using scratch = await tempDir('drayage-faulty-')
const directory = values.keep ?? scratch.path
await mkdir(directory, { recursive: true })
console.log(`seed ${seed}`)
const outcomes = await pullSoak({
  pulls: Number(values.pulls ?? 200),
  seed,
  directory,
  print: (line) => console.log(line),
  ...(values.only === undefined ? {} : { only: Number(values.only) }),
})
for (const line of summarise(outcomes)) console.log(line)
process.exitCode = outcomes.some(({ isLost, wrong }) => isLost || wrong.length > 0) ? 1 : 0
