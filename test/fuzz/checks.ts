import { setTimeout as sleep } from 'node:timers/promises'

import type { DaemonProcess } from './daemon-process.ts'
import { grown, readHandles, type Handles } from './handles.ts'
import { POLITE, sendRaw, type Place } from './send.ts'
import { checkStore } from './store-check.ts'

/** What is checked. */
export interface ChecksOptions {
  readonly daemons: readonly DaemonProcess[]
  /** The directory of the store that they share. */
  readonly store: string
  readonly report: (what: string, details?: string) => void
}

/** How long a daemon without clients may take to release what they left, in milliseconds. */
const REST_MS = 120_000

/** How long an answer of an idle daemon may take, in milliseconds, before it counts as hanging. */
const ANSWER_MS = 30_000

/** The maximum memory of an idle daemon, in bytes. */
const MAX_REST_BYTES = 512 * 1_048_576

/** Rounds in which threads and caches are still being created. */
const WARM_ROUNDS = 3

/** Returns a check of the idle daemons, which resolves to a line about them. */
export function createChecks({ daemons, store, report }: ChecksOptions): () => Promise<string> {
  const baselines = new Map<DaemonProcess, Handles>()
  let rounds = 0
  const rest = async (daemon: DaemonProcess): Promise<Handles> => {
    const before = baselines.get(daemon)
    const isWarm = rounds >= WARM_ROUNDS
    const endMs = performance.now() + REST_MS
    let now = await readHandles(daemon, daemons)
    for (; performance.now() < endMs; now = await readHandles(daemon, daemons)) {
      const isBusy = busyKinds.some((kind) => (now.counts.get(kind) ?? 0) > 0)
      if (!isBusy && (before === undefined || !isWarm || grown(before, now).length === 0)) break
      await sleep(500)
    }
    const more = before === undefined || !isWarm ? [] : grown(before, now)
    for (const each of more) report(`${daemon.name} keeps ${each.replaceAll(/\d+/g, 'N')}`, each)
    for (const kind of busyKinds) if ((now.counts.get(kind) ?? 0) > 0) report(`${daemon.name} keeps ${kind} for ever`)
    if (!isWarm) baselines.set(daemon, most(before, now))
    return now
  }
  return async () => {
    const told: string[] = []
    for (const daemon of daemons) {
      const end = daemon.ended()
      if (end !== undefined) report(`${daemon.name} died with ${end}`)
      else {
        await checkAnswers(daemon, report)
        const { rssBytes } = await rest(daemon)
        if (rssBytes > MAX_REST_BYTES) report(`${daemon.name} keeps more than ${MAX_REST_BYTES} bytes of memory`)
        told.push(`${daemon.name} ${Math.round(rssBytes / 1_048_576)} MiB`)
      }
    }
    rounds++
    const [first] = daemons
    const [engine, registry] = [first?.places.at(0), first?.places.at(-2)]
    if (engine !== undefined && registry !== undefined && first?.ended() === undefined) {
      for (const wrong of await checkStore(store, engine, registry)) report(wrong)
    }
    return told.join(', ')
  }
}

const busyKinds = ['incoming connection', 'content file', 'transfers_active', 'transfers_waiting']

function most(before: Handles | undefined, { counts, rssBytes }: Handles): Handles {
  const all = new Map(before?.counts)
  for (const [kind, count] of counts) all.set(kind, Math.max(count, all.get(kind) ?? 0))
  return { counts: all, rssBytes }
}

async function checkAnswers({ name, places }: DaemonProcess, report: (what: string) => void): Promise<void> {
  const wanted: [Place | undefined, string, readonly number[]][] = [
    [places.at(0), '/_ping', [200]],
    [places.at(-1), '/readyz', [200]],
    [places.at(-2), '/v2/', [200, 401]],
  ]
  for (const [place, target, statuses] of wanted) {
    if (place === undefined) continue
    const message = `GET ${target} HTTP/1.1\r\nhost: ${place.host}\r\nconnection: close\r\n\r\n`
    const { status } = await sendRaw(place, Buffer.from(message), { ...POLITE, patienceMs: ANSWER_MS })
    if (!statuses.includes(status)) report(`${name} answers ${status} to ${target} at rest`)
  }
}
