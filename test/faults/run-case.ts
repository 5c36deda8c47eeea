import path from 'node:path'

import { copyPlace, startCommand, type Ended, type Place } from './place.ts'
import { injector, wasInjected, type Point } from './points.ts'
import { compareFiles, examine } from './examine.ts'
import type { Prepared } from './prepare.ts'
import { fetchedAgain } from './registry.ts'
import { prunePlace, readState } from './state.ts'
import { startPlain } from './workloads.ts'

/** What happens at a system call. */
export interface Injection {
  readonly point: Point
  /** In strace's words, such as `signal=KILL` or `error=ENOSPC`. */
  readonly what: string
  /** Whether it also happens at each later such call. */
  readonly isForGood?: boolean
  /** What is wrong with how the command ended. */
  judge?(ended: Ended): readonly string[]
}

/** How a case went. */
export interface CaseResult {
  /** Whether the system call was reached. */
  readonly isReached: boolean
  readonly faults: readonly string[]
  /** Files that neither the same command nor a prune removed. */
  readonly leftOver: readonly string[]
  readonly ended: Ended
}

/** Runs a workload with something happening at one of its system calls, and checks all that has to hold afterwards. */
export async function runCase(prepared: Prepared, injection: Injection): Promise<CaseResult> {
  const { scenario, workload, template, directory } = prepared
  const place = await copyPlace(template, directory)
  const log = path.join(scenario.directory, 'strace.log')
  const wrapper = injector(log, injection.point, injection.what, injection.isForGood)
  scenario.registry.takeRequests()
  const ended = await workload.run(scenario, place, (where, args) => startCommand(where, args, { wrapper }))
  const isReached = await wasInjected(log)
  const { faults, leftOver } = await recover(prepared, place, ended.code === 0)
  return { isReached, faults: [...(injection.judge?.(ended) ?? []), ...faults], leftOver, ended }
}

/** How a command ends when there is nothing left for it to do, where it does not end with 0. */
const DONE_ALREADY: Readonly<Record<string, number>> = { rmi: 3, copy: 1 }

/** Checks a place after a fault, runs the same command again, prunes, and checks it each time. */
export async function recover(
  prepared: Prepared,
  place: Place,
  isAcknowledged: boolean,
): Promise<Pick<CaseResult, 'faults' | 'leftOver'>> {
  const { scenario, workload, before, after, pruned } = prepared
  const expected = { before, after, isPartial: workload.isPartial === true }
  const found = await readState(place)
  const faults = examine(found, expected, isAcknowledged)
  scenario.registry.takeRequests()
  const again = await workload.run(scenario, place, startPlain)
  // What was removed already cannot be removed again, and an archive that was written not be written to.
  const isDone = again.code === DONE_ALREADY[prepared.name] && examine(found, expected, true).length === 0
  if (again.code !== 0 && !isDone) faults.push(`again: exit ${again.code} ${again.stderr}`)
  for (const digest of fetchedAgain(scenario.registry.takeRequests(), found.blobs)) {
    if (prepared.name !== 'copy') faults.push(`again: fetched ${digest}, which was here`)
  }
  faults.push(...examine(await readState(place), expected, true).map((fault) => `after again: ${fault}`))
  await prunePlace(place)
  const last = await readState(place)
  const cleaned = { before: pruned, after: pruned, isPartial: false }
  faults.push(...examine(last, cleaned, true).map((fault) => `after prune: ${fault}`))
  const { missing, leftOver } = compareFiles(last, pruned)
  faults.push(...missing.map((file) => `after prune: ${file} is missing`))
  return { faults, leftOver: leftOver.map((file) => `left over: ${file}`) }
}
