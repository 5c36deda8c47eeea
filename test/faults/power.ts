import path from 'node:path'

import { Random } from '../fuzz/random.ts'
import { FILE_SYSTEMS, mountDisk } from './disk.ts'
import type { FaultKind, FaultOptions, FaultTotals } from './kind.ts'
import { placeIn, scratchDirectory, startCommand } from './place.ts'
import { injector, syncNothing, type Point } from './points.ts'
import { prepareWorkload, type Prepared } from './prepare.ts'
import { recover } from './run-case.ts'
import { openScenario } from './workloads.ts'

/** Cuts the power when something is acknowledged, or at a system call, on each file system in turn. */
export const cutPower: FaultKind = async (options) => {
  const { workloads, count, seed: first, point: only, print } = options
  const totals: FaultTotals = { cases: 0, missed: 0, failed: 0, leftOver: 0 }
  for (let seed = first; totals.cases < count; seed++) {
    await using scenario = await openScenario(seed, await scratchDirectory())
    const random = new Random(seed, 3)
    for (const name of workloads) {
      const prepared = await prepareWorkload(scenario, name, path.join(scenario.directory, 'disk', 'place'))
      for (const kind of Object.keys(FILE_SYSTEMS)) {
        const points = [undefined, random.pick(prepared.points)]
        for (const point of points.filter((each) => only === undefined || only === labelOf(kind, each))) {
          if (totals.cases === count) break
          await cutOnce(prepared, kind, point, totals, options)
        }
      }
    }
    if (only !== undefined) break
  }
  print(
    `power: ${totals.cases} cuts, ${totals.missed} not reached, ${totals.leftOver} with files left over, ${totals.failed} failed`,
  )
  return totals
}

async function cutOnce(
  prepared: Prepared,
  kind: string,
  point: Point | undefined,
  totals: FaultTotals,
  { isUnsynced = false, print }: FaultOptions,
): Promise<void> {
  const { scenario, workload, template, directory, name } = prepared
  using disk = mountDisk(kind, path.dirname(directory), template.directory, directory)
  const place = placeIn(directory)
  let isCut = false
  const running = { stop: (): void => {}, go: (): void => {} }
  const cut = (): void => {
    if (isCut) return
    isCut = true
    // Nothing runs on while the disk is copied.
    running.stop()
    disk.cut()
    running.go()
  }
  const log = path.join(scenario.directory, 'strace.log')
  const idle = isUnsynced ? syncNothing(log) : []
  const wrapper = point === undefined ? idle : injector(log, point, 'signal=KILL')
  const start: Parameters<typeof workload.run>[2] = (where, args) => {
    const command = startCommand(where, args, { wrapper })
    running.stop = () => void command.child.kill('SIGSTOP')
    running.go = () => void command.child.kill('SIGCONT')
    return command
  }
  const ended = await workload.run(scenario, place, start, cut)
  const isAcknowledged = isCut || ended.code === 0
  cut()
  disk.restart()
  const { faults, leftOver } = await recover(prepared, place, isAcknowledged)
  totals.cases++
  if (point !== undefined && isAcknowledged) totals.missed++
  if (faults.length > 0) totals.failed++
  else if (leftOver.length > 0) totals.leftOver++
  if (faults.length + leftOver.length === 0) return
  const again = `npm run faults -- --kind power --workload ${name} --seed ${scenario.seed} --point '${labelOf(kind, point)}'`
  print(`${faults.length > 0 ? 'FAILED' : 'left over'} ${again}`)
  for (const line of [...faults, ...leftOver]) print(`  ${line.trim()}`)
}

function labelOf(kind: string, point: Point | undefined): string {
  return `${kind} ${point?.label ?? 'acknowledged'}`
}
