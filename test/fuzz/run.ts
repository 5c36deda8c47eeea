// Throws hostile requests at a drayd until the time is over, or sends some cases of an earlier run again:
//
//   npm run fuzz -- [--minutes N] [--seed S] [--from CASE] [--cases N] [--lanes N] [--keep DIRECTORY]
//
// It exits with 1 when there was a finding. See docs/fuzzing.md.
import { mkdir } from 'node:fs/promises'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { tempDir } from '@drayage/testkit'

import { fuzz, type FuzzResult } from './fuzz.ts'

await main()

async function main(): Promise<void> {
  const text = { type: 'string' } as const
  const options = { minutes: text, seed: text, from: text, cases: text, lanes: text, keep: text }
  const { values } = parseArgs({ options })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  await using scratch = await tempDir('drayage-fuzz-')
  const directory = values.keep ?? scratch.path
  await mkdir(directory, { recursive: true })
  console.log(`seed ${seed}`)
  // The daemons end together with this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const result = await fuzz({
    seed,
    directory,
    durationMs: Number(values.minutes ?? 5) * 60_000,
    from: Number(values.from ?? 0),
    ...(values.cases === undefined ? {} : { cases: Number(values.cases) }),
    ...(values.lanes === undefined ? {} : { lanes: Number(values.lanes) }),
    print: (line) => console.log(line),
  })
  report(seed, result)
  process.exitCode = result.findings.length === 0 ? 0 : 1
}

function report(seed: number, { cases, requests, findings, declared, failures }: FuzzResult): void {
  console.log(`\nseed ${seed}: ${cases} cases, ${requests} requests, ${findings.length} findings`)
  for (const { what, details, history } of findings) {
    console.log(`\n${what}\n${details}\nlast requests:\n${history.join('\n')}`)
  }
  for (const counts of [declared, failures]) {
    console.log()
    for (const [kind, count] of [...counts].sort(([, a], [, b]) => b - a)) console.log(`${count} ${kind}`)
  }
}
