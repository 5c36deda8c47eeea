import { setTimeout as sleep } from 'node:timers/promises'

import type { DaemonProcess } from './daemon-process.ts'
import { POLITE, sendRaw } from './send.ts'

/** How long an answer may take while others keep the daemon busy, in milliseconds. */
const STALL_MS = 20_000

/** Asks a daemon for a sign of life every second: no request may block all others. */
export async function probe(
  { name, places, ended }: DaemonProcess,
  report: (what: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [engine] = places
  if (engine === undefined) return
  const message = Buffer.from('GET /_ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
  while (!signal.aborted && ended() === undefined) {
    const { isLate } = await sendRaw(engine, message, { ...POLITE, patienceMs: STALL_MS })
    if (isLate) report(`${name} stands still`)
    await sleep(1000, undefined, { signal }).catch(() => {})
  }
}
