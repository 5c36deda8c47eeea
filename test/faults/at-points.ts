import { Random } from '../fuzz/random.ts'
import type { FaultKind, FaultOptions, FaultTotals } from './kind.ts'
import { scratchDirectory } from './place.ts'
import { prepareWorkload, type Prepared } from './prepare.ts'
import { runCase, type Injection } from './run-case.ts'
import { openScenario } from './workloads.ts'

/** Cases at the points of workloads, of seeds one after another until there are enough. */
export function atPoints(kind: string, injectionsOf: (prepared: Prepared) => readonly Injection[]): FaultKind {
  return async (options) => {
    const { workloads, count, point, print } = options
    const totals = { cases: 0, missed: 0, failed: 0, leftOver: 0 }
    for (let seed = options.seed; totals.cases < count; seed++) {
      await using scenario = await openScenario(seed, await scratchDirectory())
      const random = new Random(seed, 2)
      for (const [at, name] of workloads.entries()) {
        const prepared = await prepareWorkload(scenario, name)
        const all = injectionsOf(prepared).filter((each) => point === undefined || labelOf(each) === point)
        const chosen = sample(random, all, Math.ceil((count - totals.cases) / (workloads.length - at)))
        print(`seed ${seed} ${name}: ${chosen.length} of ${all.length}`)
        for (const injection of chosen) await runOne(kind, prepared, injection, totals, print)
      }
      if (point !== undefined) break
    }
    const { cases, missed, failed, leftOver } = totals
    print(`${kind}: ${cases} cases, ${missed} not reached, ${leftOver} with files left over, ${failed} failed`)
    return totals
  }
}

async function runOne(
  kind: string,
  prepared: Prepared,
  injection: Injection,
  totals: FaultTotals,
  print: FaultOptions['print'],
): Promise<void> {
  const { isReached, faults, leftOver, ended } = await runCase(prepared, injection)
  totals.cases++
  if (!isReached) totals.missed++
  if (faults.length > 0) totals.failed++
  else if (leftOver.length > 0) totals.leftOver++
  if (faults.length + leftOver.length === 0) return
  const { name, scenario } = prepared
  const again = `npm run faults -- --kind ${kind} --workload ${name} --seed ${scenario.seed} --point '${labelOf(injection)}'`
  print(`${faults.length > 0 ? 'FAILED' : 'left over'} ${again}`)
  print(`  exit ${ended.code ?? ended.signal}${isReached ? '' : ', not reached'}`)
  for (const line of [...faults, ...leftOver]) print(`  ${line.trim()}`)
}

/** What `--point` takes. */
function labelOf({ point, what, isForGood }: Injection): string {
  return `${point.label} ${what}${isForGood === true ? '+' : ''}`
}

function sample<T>(random: Random, list: readonly T[], count: number): T[] {
  const left = [...list]
  while (left.length > count) left.splice(random.int(left.length), 1)
  return left
}
