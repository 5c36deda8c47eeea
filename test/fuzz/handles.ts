import { readdir, readFile, readlink } from 'node:fs/promises'
import path from 'node:path'

import type { DaemonProcess } from './daemon-process.ts'
import { POLITE, sendRaw } from './send.ts'

/** How much a process holds open, by kind, and how large it is. */
export interface Handles {
  readonly counts: ReadonlyMap<string, number>
  readonly rssBytes: number
}

/**
 * Counts descriptors by what they are, and what keeps Node's event loop busy. Connections to registries, which are kept for a
 * while, are not counted, and those that a daemon of `all` takes in from another or from itself neither.
 */
export async function readHandles(daemon: DaemonProcess, all: readonly DaemonProcess[]): Promise<Handles> {
  const counts = new Map<string, number>()
  const add = (kind: string, count = 1): void => void counts.set(kind, (counts.get(kind) ?? 0) + count)
  const admin = daemon.places.at(-1)
  const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8')
  const own = (await Promise.all(all.map(({ pid }) => filesOf(pid)))).flat()
  const sockets = await kindsOfSockets(new Set(own.flatMap((target) => inodeOf(target) ?? [])))
  for (const target of await filesOf(daemon.pid)) {
    const inode = inodeOf(target)
    if (inode !== undefined) add(sockets.get(inode) ?? 'unix socket')
    else add(kindOfFile(target))
  }
  if (admin !== undefined) {
    const message = Buffer.from('GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    const { text } = await sendRaw(admin, message, POLITE)
    for (const [, type = '', count] of text.matchAll(/^drayd_nodejs_active_resources\{type="(\w+)"\} (\d+)$/gm)) {
      add(`resource ${type}`, Number(count))
    }
    for (const name of ['transfers_active', 'transfers_waiting']) {
      add(name, Number(new RegExp(`^drayd_${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0))
    }
  }
  return { counts, rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024 }
}

function kindOfFile(target: string): string {
  if (!target.startsWith('/')) return target.replace(/\[?\d+\]?$/, '')
  const { base, dir } = path.parse(target)
  if (target.startsWith('/dev/')) return target
  return /\/(blobs|ingest|scratch|trash)\b/.test(dir) ? 'content file' : base.replaceAll(/[0-9a-f]{8,}/g, 'N')
}

async function filesOf(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`)
  return await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
}

function inodeOf(target: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(target)?.[1]
}

/** The TCP sockets by inode: listening, taken in from others than `own`, or else of a client of a registry. */
async function kindsOfSockets(own: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const kinds = new Map<string, string>()
  const table = await readFile('/proc/self/net/tcp', 'utf8')
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const listening = new Set(rows.filter(([, , , state]) => state === '0A').map(([, local = '']) => local))
  const ownEnds = new Set(rows.flatMap((row) => (own.has(row[9] ?? '') ? [row[1] ?? ''] : [])))
  for (const [, local = '', remote = '', state, , , , , , inode = ''] of rows) {
    const isIncoming = listening.has(local) && !ownEnds.has(remote)
    if (state === '0A') kinds.set(inode, 'listening socket')
    else kinds.set(inode, isIncoming ? 'incoming connection' : 'connection to a registry')
  }
  return kinds
}

/** By how much each may grow from one check to the next: kept connections, and descriptors of Node's own threads. */
const IGNORED =
  /^(connection to a registry|anon_inode|resource (Timeout|Immediate|TickObject|TCPSocketWrap|PipeWrap|FS\w+)$)/

/** What grew between `before` and `now`. */
export function grown(before: Handles, now: Handles): string[] {
  return [...now.counts].flatMap(([kind, count]) => {
    const least = before.counts.get(kind) ?? 0
    return count > least && !IGNORED.test(kind) ? [`${kind}: ${least} -> ${count}`] : []
  })
}
