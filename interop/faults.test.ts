import { expect, test } from 'vitest'

import { KINDS } from '../test/faults/kinds.ts'
import { WORKLOADS } from '../test/faults/workloads.ts'
import { havePeers } from './peer.ts'

const seed = Number(process.env['DRAYAGE_FAULTS_SEED'] ?? 1)

test.skipIf(!havePeers('strace'))(`150 kills at system calls lose nothing (seed ${seed})`, async () => {
  const lines: string[] = []
  const totals = await KINDS.kill({
    ...{ workloads: Object.keys(WORKLOADS), count: 150, seed },
    print: (line) => lines.push(line),
  })
  if (totals.failed > 0) throw new Error(lines.join('\n'))
  expect(totals.missed).toBeLessThan(50)
})
