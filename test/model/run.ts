// Runs random sequences of pull, tag, rmi, prune, push, save and load over images of several platforms, and compares the
// store with a model after each step:
//
//   npm run model -- [--sequences N] [--seed S] [--steps N] [--keep DIRECTORY] [--docker SOCKET [--command docker]]
//
//   npm run model -- --schedules N [--seed S]
//
// The second form runs schedules of processes with one store instead, with pulls, removals, sweeps and crashes between any
// two steps of each other, and exits at the first that loses content or keeps what nobody needs.
//
// With --docker, the sequences run on a Docker Engine that keeps indexes, which loses what it holds. It exits with 1 when
// something differs.
import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { tempDir } from '@drayage/testkit'

import { openDockerEngine } from './docker-engine.ts'
import { openDrayageEngine } from './drayage-engine.ts'
import { runSchedules } from './schedules.ts'
import { runSequences } from './sequences.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: { sequences: text, schedules: text, seed: text, steps: text, keep: text, docker: text, command: text },
})
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const { docker: socket, command: docker = 'docker' } = values
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
await using scratch = await tempDir('drayage-model-')
const directory = values.keep ?? scratch.path
await mkdir(directory, { recursive: true })
console.log(`seed ${seed}`)
if (values.schedules !== undefined) {
  await runSchedules({ count: Number(values.schedules), seed })
  console.log('no schedule fails')
  process.exit()
}
const failed = await runSequences({
  count: Number(values.sequences ?? 200),
  seed,
  steps: Number(values.steps ?? 40),
  directory,
  isStrict: socket === undefined,
  openEngine: (place) =>
    socket === undefined
      ? openDrayageEngine({ directory: place })
      : openDockerEngine({ socket, docker, directory: place }),
  print: (line) => console.log(line),
})
for (const { seed: own, faults, steps } of failed) {
  console.log(`\nsequence ${own}\n${steps.join('\n')}\n${faults.join('\n')}`)
}
console.log(`\n${failed.length} of the sequences differ from the model`)
process.exitCode = failed.length === 0 ? 0 : 1
