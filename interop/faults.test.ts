import { expect, test } from 'vitest'

import { canMount } from '../test/faults/disk.ts'
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
  const { failed, missed, cases } = await kind({ workloads, count, seed, print: (line) => lines.push(line) })
  if (failed > 0) throw new Error(lines.join('\n'))
  expect(missed).toBeLessThan(cases / 2)
}

test.skipIf(!here)(`150 kills at system calls lose nothing (seed ${seed})`, () => expectSound(KINDS.kill, 150))

test.skipIf(!here)(`45 system calls that fail lose nothing and are told (seed ${seed})`, () =>
  expectSound(KINDS.errno, 45),
)

test.skipIf(!here || !canMount())(`36 power cuts lose nothing (seed ${seed})`, () => expectSound(KINDS.power, 36))
