import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createChecks } from './checks.ts'
import { startDaemonProcess, type DaemonProcess } from './daemon-process.ts'
import { engineCase } from './engine-cases.ts'
import type { CaseContext, FuzzCase, Places } from './fuzz-case.ts'
import { isMistake, plain, watchLog, type LogWatch } from './log-watch.ts'
import { makeMaterials } from './materials.ts'
import { probe } from './probe.ts'
import { Random } from './random.ts'
import { rawCase } from './raw-cases.ts'
import { registryCase } from './registry-cases.ts'
import { SEQUENCES } from './sequence-cases.ts'
import { startUpstream } from './upstream.ts'

/** Options of {@link fuzz}. */
export interface FuzzOptions {
  readonly seed: number
  /** An empty directory: store, sockets and logs. */
  readonly directory: string
  /** The number of the first case; 0 by default. */
  readonly from?: number
  /** How many cases there are; no limit by default. */
  readonly cases?: number
  /** When the last case may begin, in milliseconds. */
  readonly durationMs: number
  /** Cases at a time; 8 by default. */
  readonly lanes?: number
  /** How many cases run between two checks; 1000 by default. */
  readonly casesPerRound?: number
  readonly print?: (line: string) => void
}

/** Something that must not happen, reported once. */
export interface Finding {
  readonly what: string
  readonly details: string
  /** What was sent last. */
  readonly history: readonly string[]
}

/** The result of a run. */
export interface FuzzResult {
  readonly cases: number
  readonly requests: number
  readonly findings: readonly Finding[]
  /** How often each registry error was reported with status 500. */
  readonly declared: ReadonlyMap<string, number>
  /** How often each failure message was in an answer. */
  readonly failures: ReadonlyMap<string, number>
}

/** `fuzz:fuzz`, by bcrypt with the least cost. */
const HTPASSWD = 'fuzz:$2y$04$N/byY8xRjiG9obrL.U20BeFZ8bDeYurtfIFx1CRXpOn8Y2niDwGXO\n'

/** Requests that are remembered for a finding. */
const HISTORY = 60

/** Throws hostile requests at two daemons on one store until the time or the cases are over. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { seed, directory, from = 0, cases = Number.POSITIVE_INFINITY, durationMs, print = (): void => {} } = options
  const findings = new Map<string, Finding>()
  const history: string[] = []
  let requests = 0
  const report = (what: string, details = ''): void => {
    if (findings.has(what)) return
    findings.set(what, { what, details, history: [...history] })
    print(
      `FINDING ${what}\n${details}\n${history
        .slice(-8)
        .map((line) => line.slice(0, 200))
        .join('\n')}`,
    )
  }
  const materials = await makeMaterials()
  await using upstream = await startUpstream(seed, materials)
  const log = watchLog(report)
  const daemons = await startDaemons(directory, log, seed)
  const failures = new Map<string, number>()
  const failed = (message: string): void => {
    const kind = plain(message).slice(0, 200)
    failures.set(kind, (failures.get(kind) ?? 0) + 1)
    if (isMistake(message)) report(`an answer shows a bug: ${kind}`, message)
  }
  const base = { materials, upstream: upstream.host, places: placesOf(daemons), report, failed }
  const note = (text: string): void => {
    requests++
    history.push(text)
    if (history.length > HISTORY) history.shift()
  }
  const probing = new AbortController()
  const probes = Promise.all(daemons.map((daemon) => probe(daemon, report, probing.signal)))
  const check = createChecks({ daemons, store: path.join(directory, 'store'), report })
  const endMs = performance.now() + durationMs
  let next = from
  const isOver = (): boolean => next >= from + cases || performance.now() >= endMs || daemons.some(isDead)
  while (!isOver()) {
    const roundEnd = Math.min(next + (options.casesPerRound ?? 1000), from + cases)
    const lane = async (): Promise<void> => {
      while (next < roundEnd && !isOver()) {
        const number = next++
        const context: CaseContext = { ...base, random: new Random(seed, number), number, note }
        await pickCase(context.random)(context)
      }
    }
    await Promise.all(Array.from({ length: options.lanes ?? 8 }, lane))
    const told = await check()
    print(`${new Date().toISOString()} cases ${next - from}, requests ${requests}, findings ${findings.size}; ${told}`)
  }
  probing.abort()
  await probes
  for (const daemon of daemons) {
    const end = daemon.ended() ?? (await daemon.stop())
    if (end !== 'exit status 0, signal null') report(`${daemon.name} ended with ${end}`)
  }
  return { cases: next - from, requests, findings: [...findings.values()], declared: log.declared, failures }
}

const isDead = (daemon: DaemonProcess): boolean => daemon.ended() !== undefined

function pickCase(random: Random): FuzzCase {
  const of = random.int(100)
  if (of < 38) return engineCase
  if (of < 68) return registryCase
  if (of < 90) return rawCase
  return random.pick(SEQUENCES)
}

/** Two daemons on one store with every listener: everybody may push to one, only its user to the other. */
async function startDaemons(directory: string, log: LogWatch, seed: number): Promise<DaemonProcess[]> {
  const htpasswd = path.join(directory, 'htpasswd')
  const auth = seed % 2 === 0 ? 'basic' : 'token'
  await mkdir(path.join(directory, 'config'), { recursive: true })
  await writeFile(htpasswd, HTPASSWD)
  const shared = [
    '--store',
    path.join(directory, 'store'),
    '--registry-host',
    'tcp://127.0.0.1:0',
    '--registry-anonymous',
    'push',
  ]
  const start = (name: string, args: readonly string[]): Promise<DaemonProcess> => {
    const sockets = [
      '--host',
      `unix://${directory}/${name}.sock`,
      '--admin-host',
      `unix://${directory}/${name}-admin.sock`,
    ]
    return startDaemonProcess({ name, directory, args: [...sockets, ...shared, ...args], onLine: log.line })
  }
  return [
    await start('open', ['--host', 'tcp://127.0.0.1:0', '--loopback-without-tls', '--shutdown-timeout', '2']),
    await start('closed', ['--registry-htpasswd', htpasswd, '--registry-auth', auth, '--shutdown-timeout', '2']),
  ]
}

function placesOf(daemons: readonly DaemonProcess[]): Places {
  const all = daemons.map(({ places }) => places)
  return {
    engines: all.flatMap((places) => places.slice(0, -2)),
    registries: all.flatMap((places) => places.slice(-2, -1)),
    admins: all.flatMap((places) => places.slice(-1)),
  }
}
