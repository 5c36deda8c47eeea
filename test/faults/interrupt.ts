import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { Random } from '../fuzz/random.ts'
import type { FaultKind, FaultTotals } from './kind.ts'
import { copyPlace, scratchDirectory, startCommand, type Command, type Ended } from './place.ts'
import { injector } from './points.ts'
import { prepareWorkload, type Prepared } from './prepare.ts'
import { recover } from './run-case.ts'
import { openScenario } from './workloads.ts'

/** How far the clock jumps, in libfaketime's words. */
const JUMPS: readonly string[] = ['+1h', '-1h', '+3d', '-3d', '+2y', '-2y']

/** Workloads that move content from or to a registry, and so can be held in the middle; and prune, which is killed. */
const HELD: readonly string[] = ['pull', 'first', 'push', 'prune']

/** After which a command that does not end is taken to hang, in milliseconds. */
const PATIENCE_MS = 120_000

/** Lets the clock jump in the middle of commands, while others prune. */
export const jumpClock = interruptions('clock', JUMPS)

/** Suspends commands in the middle, for days, while others prune. */
export const suspend = interruptions('stop', ['+1h', '+3d'])

function interruptions(kind: 'clock' | 'stop', jumps: readonly string[]): FaultKind {
  return async ({ workloads, count, seed: first, point: only, print }) => {
    const totals: FaultTotals = { cases: 0, missed: 0, failed: 0, leftOver: 0 }
    for (let seed = first; totals.cases < count; seed++) {
      await using scenario = await openScenario(seed, await scratchDirectory())
      const random = new Random(seed, 4)
      for (const name of HELD.filter((each) => workloads.includes(each))) {
        const prepared = await prepareWorkload(scenario, name)
        for (const jump of jumps) {
          const transfer = random.between(1, 3)
          if (totals.cases === count || (only !== undefined && only !== jump)) continue
          const case_ = { prepared, jump, transfer, isSuspended: kind === 'stop' }
          const faults = name === 'prune' ? await jumpAfterKill(case_, random) : await interrupt(case_)
          totals.cases++
          if (faults.length === 0) continue
          totals.failed++
          print(`FAILED npm run faults -- --kind ${kind} --workload ${name} --seed ${seed} --point '${jump}'`)
          for (const fault of faults) print(`  ${fault.trim()}`)
        }
      }
      if (only !== undefined) break
    }
    print(`${kind}: ${totals.cases} cases, ${totals.failed} failed`)
    return totals
  }
}

interface Interruption {
  readonly prepared: Prepared
  readonly jump: string
  /** At which transfer of a blob it takes place. */
  readonly transfer: number
  /** Whether the command sleeps meanwhile, else it sees the clock jump. */
  readonly isSuspended: boolean
}

/** Holds a transfer of a workload, lets the clock jump, prunes beside it, and lets it go on. */
async function interrupt({ prepared, jump, transfer, isSuspended }: Interruption): Promise<string[]> {
  const { scenario, workload, template, directory } = prepared
  const place = await copyPlace(template, directory)
  const clock = clockIn(scenario.directory)
  const faults: string[] = []
  let running: Command | undefined
  let transfers = 0
  scenario.registry.onTransfer = async () => {
    if (++transfers !== transfer) return
    if (isSuspended) running?.child.kill('SIGSTOP')
    clock.set(jump)
    const pruned = await endOf(startCommand(place, ['prune'], clock))
    if (pruned?.code !== 0) faults.push(`prune beside it: ${told(pruned)}`)
    if (isSuspended) running?.child.kill('SIGCONT')
  }
  const ended = await workload.run(scenario, place, (where, args) => {
    running = startCommand(where, args, clock)
    return { ...running, ended: endOf(running).then((end) => end ?? HUNG) }
  })
  scenario.registry.onTransfer = undefined
  if (ended === HUNG) return [...faults, 'hangs']
  if (ended.code !== 0 && !/^dray: Cannot /m.test(ended.stderr)) faults.push(told(ended))
  return [...faults, ...(await recover(prepared, place, ended.code === 0)).faults]
}

/** Kills a prune, lets the clock jump, and expects that nobody waits for the dead. */
async function jumpAfterKill({ prepared, jump }: Interruption, random: Random): Promise<string[]> {
  const { scenario, workload, template, directory } = prepared
  const place = await copyPlace(template, directory)
  const wrapper = injector(path.join(scenario.directory, 'strace.log'), random.pick(prepared.points), 'signal=KILL')
  const killed = await workload.run(scenario, place, (where, args) => startCommand(where, args, { wrapper }))
  const clock = clockIn(scenario.directory)
  clock.set(jump)
  const tagged = await endOf(startCommand(place, ['tag', scenario.kept[0], 'after:1'], clock))
  const removed = tagged?.code === 0 ? await endOf(startCommand(place, ['rmi', 'after:1'], clock)) : tagged
  if (removed?.code !== 0) return [`after a killed prune: ${told(removed)}`]
  return [...(await recover(prepared, place, killed.code === 0)).faults]
}

const HUNG: Ended = { code: null, signal: 'SIGKILL', stdout: '', stderr: 'hangs' }

/** How a command ends; `undefined` when it does not, and has to be killed. */
async function endOf({ child, ended }: Command): Promise<Ended | undefined> {
  let hangs = false
  const timer = setTimeout(() => {
    hangs = true
    child.kill('SIGKILL')
  }, PATIENCE_MS)
  const end = await ended
  clearTimeout(timer)
  return hangs ? undefined : end
}

function told(ended: Ended | undefined): string {
  return ended === undefined ? 'hangs' : `exit ${ended.code ?? ended.signal} ${ended.stderr}`
}

/** A wall clock that jumps, beside a monotonic one that does not; files keep their times, as when a machine is set right. */
function clockIn(directory: string): { readonly env: NodeJS.ProcessEnv; set(offset: string): void } {
  const file = path.join(directory, 'clock')
  const set = (offset: string): void => writeFileSync(file, offset)
  set('+0')
  const env = {
    LD_PRELOAD: libraryFile(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
  return { env, set }
}

/** The library for programs with threads, wherever this machine's architecture has it. */
function libraryFile(): string {
  const found = readdirSync('/usr/lib')
    .map((entry) => path.join('/usr/lib', entry, 'faketime/libfaketimeMT.so.1'))
    .find((file) => existsSync(file))
  if (found === undefined) throw new Error('Cannot let the clock jump: libfaketime is not installed')
  return found
}
