// Kills, stops and breaks `dray` at its system calls, and checks that nothing acknowledged is lost:
//
//   npm run faults -- --kind kill [--workload pull,load] [--count N] [--seed S] [--point LABEL]
//
// It needs Linux and strace. docs/crashes.md says what has to hold. It exits with 1 when something does not.
import process from 'node:process'
import { parseArgs } from 'node:util'

import type { FaultKind } from './kind.ts'
import { KINDS } from './kinds.ts'
import { WORKLOADS } from './workloads.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { kind: text, workload: text, count: text, seed: text, point: text } })
const kind = new Map<string, FaultKind>(Object.entries(KINDS)).get(values.kind ?? 'kill')
if (kind === undefined) throw new RangeError(`Cannot run "${values.kind}": expected ${Object.keys(KINDS).join(', ')}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const { failed, leftOver } = await kind({
  workloads: values.workload?.split(',') ?? Object.keys(WORKLOADS),
  count: Number(values.count ?? 100),
  seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
  point: values.point,
  print: (line) => console.log(line),
})
process.exitCode = failed + leftOver === 0 ? 0 : 1
