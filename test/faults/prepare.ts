import path from 'node:path'

import { copyPlace, startCommand, type Place } from './place.ts'
import { readPoints, recorder, type Point } from './points.ts'
import { prunePlace, readState, type PlaceState } from './state.ts'
import { WORKLOADS, type Scenario, type Workload } from './workloads.ts'

/** A workload of a scenario with what it does when nothing goes wrong. */
export interface Prepared {
  readonly scenario: Scenario
  readonly name: string
  readonly workload: Workload
  /** What each case begins with a copy of. */
  readonly template: Place
  /** Where all cases run, one after another. */
  readonly directory: string
  readonly before: PlaceState
  readonly after: PlaceState
  /** After a prune. */
  readonly pruned: PlaceState
  readonly points: readonly Point[]
}

/** Runs a workload without a fault, and records its system calls. */
export async function prepareWorkload(
  scenario: Scenario,
  name: string,
  directory = path.join(scenario.directory, 'place'),
): Promise<Prepared> {
  const workload = WORKLOADS[name]
  if (workload === undefined)
    throw new RangeError(`Cannot run "${name}": expected ${Object.keys(WORKLOADS).join(', ')}`)
  const template = await workload.prepare(scenario, path.join(scenario.directory, `${name}-template`))
  const log = path.join(scenario.directory, 'strace.log')
  // Of a copy: looking at a store may mend or create it.
  const before = await readState(await copyPlace(template, directory))
  const place = await copyPlace(template, directory)
  const start = (where: Place, args: readonly string[]) => startCommand(where, args, { wrapper: recorder(log) })
  const ended = await workload.run(scenario, place, start)
  if (ended.code !== 0) throw new Error(`${name} without a fault: exit ${ended.code}\n${ended.stdout}${ended.stderr}`)
  const points = await readPoints(log, place.directory)
  const after = await readState(place)
  await prunePlace(place)
  const pruned = await readState(place)
  return { scenario, name, workload, template, directory, before, after, pruned, points }
}
