import { fromBytes } from '@drayage/bytes'

import type { Ingester } from '../ports.ts'
import { expectSame } from './expect.ts'
import { pause } from './samples.ts'

/** Checks that `one` and `other`, the same store or two instances of it, never hold one key at the same time. */
export async function takeTurns(one: Ingester, other: Ingester): Promise<void> {
  const first = await one.begin('shared')
  let second = 'waiting'
  const waiting = other.begin('shared').then((ingest) => {
    second = 'holding'
    return ingest
  })
  await (await other.begin('free'))[Symbol.asyncDispose]()
  await first.append(fromBytes('from the first'))
  await pause()
  expectSame('the second holder', second, 'waiting')
  await first[Symbol.asyncDispose]()
  await (await waiting)[Symbol.asyncDispose]()
}
