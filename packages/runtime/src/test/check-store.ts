import { checkOpened } from '../check/check-store.ts'
import { createReadRate } from '../check/read-rate.ts'
import type { Store } from '../store/store.ts'

/** What is wrong with a store, down to the last byte. */
export async function findFaults(store: Store): Promise<string[]> {
  const bringAgain = async (): Promise<{ why: string }> => ({ why: 'nothing is to be mended' })
  const check = { store, bringAgain, deep: true, inflates: true, repair: false, rate: createReadRate(undefined) }
  const faults: string[] = []
  for await (const { state, kind, what, problem } of checkOpened(check)) {
    if (state === 'fault') faults.push(`${kind} ${what}: ${problem}`)
  }
  return faults
}
