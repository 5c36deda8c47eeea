import { expect, test } from 'vitest'

import { whyNoDisks } from '../test/disk/small-disk.ts'
import type { FaultKind } from '../test/faults/kind.ts'
import { KINDS } from '../test/faults/kinds.ts'
import { WORKLOADS } from '../test/faults/workloads.ts'
import { havePeers } from './peer.ts'

const seed = Number(process.env['DRAYAGE_FAULTS_SEED'] ?? 1)
const workloads = Object.keys(WORKLOADS)
const here = havePeers('strace', 'faketime', 'mkfs.xfs')

/** Runs cases, and fails with what went wrong in them. */
async function expectSound(kind: FaultKind, count: number): Promise<void> {
  const lines: string[] = []
  const { failed, leftOver, missed, cases } = await kind({ workloads, count, seed, print: (line) => lines.push(line) })
  if (failed + leftOver > 0) throw new Error(lines.join('\n'))
  expect(missed).toBeLessThan(cases / 2)
}

// Side by side: each case is one command in a directory of its own.
test
  .skipIf(!here)
  .concurrent(`150 kills at system calls lose nothing (seed ${seed})`, () => expectSound(KINDS.kill, 150))

test
  .skipIf(!here)
  .concurrent(`45 system calls that fail lose nothing and are told (seed ${seed})`, () => expectSound(KINDS.errno, 45))

test
  .skipIf(!here || (await whyNoDisks()) !== undefined)
  .concurrent(`36 power cuts lose nothing (seed ${seed})`, () => expectSound(KINDS.power, 36))

test
  .skipIf(!here)
  .concurrent(`24 jumps of the clock lose nothing and let nobody hang (seed ${seed})`, () =>
    expectSound(KINDS.clock, 24),
  )

test.skipIf(!here).concurrent(`8 suspended commands lose nothing (seed ${seed})`, () => expectSound(KINDS.stop, 8))

test(`32 processes and a daemon work on one store without an error (seed ${seed})`, () => expectSound(KINDS.many, 150))

test.skipIf(!here || (await whyNoDisks()) !== undefined)(
  'a pull that never syncs is caught by the power cuts',
  async () => {
    const options = { workloads: ['pull'], count: 1, seed, isUnsynced: true, print: () => {} }
    expect((await KINDS.power(options)).failed).toBe(1)
  },
)
