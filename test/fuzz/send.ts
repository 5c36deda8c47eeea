import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Random } from './random.ts'

/** Where a part of a daemon listens. */
export interface Place {
  readonly name: string
  readonly address: { readonly path: string } | { readonly host: string; readonly port: number }
  /** What a well-behaved client sends as `Host`. */
  readonly host: string
}

/** How a client behaves. */
export interface Manner {
  /** How many pieces the request is written in, with a pause after each. */
  readonly pieces: number
  readonly pauseMs: number
  /** Leaves after writing this many bytes. */
  readonly leavesAfter?: number
  /** Reads nothing for this long. */
  readonly deafMs: number
  /** Ends its side of the connection when the request is written. */
  readonly halfCloses: boolean
  /** Leaves when no answer has ended by then. */
  readonly patienceMs: number
}

/** What came back. */
export interface RawAnswer {
  /** 0 when nothing like an answer was received. */
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
  /** The status lines that are at the start of a line: of a pipeline there are several. */
  readonly statusLines: number
  /** Whether the connection ended by the daemon, or by the client's own leaving. */
  readonly isEnded: boolean
  /** Whether the client left because its patience was over. */
  readonly isLate: boolean
}

/** A well-behaved client. */
export const POLITE: Manner = { pieces: 1, pauseMs: 0, deafMs: 0, halfCloses: false, patienceMs: 60_000 }

/** Most bytes of an answer that are kept. */
const KEPT_BYTES = 262_144

/** Any client. */
export function someManner(random: Random, size: number): Manner {
  const manner = { ...POLITE, patienceMs: random.pick([300, 1000, 3000, 6000]) }
  switch (random.int(12)) {
    case 0:
      return { ...manner, pieces: random.between(2, 12), pauseMs: random.pick([1, 10, 100]) }
    case 1:
      return { ...manner, leavesAfter: random.int(size + 1) }
    case 2:
      return { ...manner, deafMs: random.between(50, 2500) }
    case 3:
      return { ...manner, halfCloses: true }
    case 4:
      return { ...manner, patienceMs: random.between(1, 80) }
    default:
      return manner
  }
}

/** Sends bytes over a connection of their own and reads until it ends. Never rejects. */
export async function sendRaw(place: Place, bytes: Uint8Array, manner: Manner): Promise<RawAnswer> {
  const socket = connect({ ...place.address, allowHalfOpen: true })
  const chunks: Buffer[] = []
  let kept = 0
  let isEnded = false
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('end', () => {
    isEnded = true
    socket.end()
  })
  socket.on('data', (chunk: Buffer) => {
    if (kept < KEPT_BYTES) chunks.push(chunk)
    kept += chunk.byteLength
  })
  if (manner.deafMs > 0) {
    socket.pause()
    setTimeout(() => socket.resume(), manner.deafMs)
  }
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    socket.destroy()
  }, manner.patienceMs)
  await write(socket, bytes, manner)
  await closed
  clearTimeout(timer)
  return { ...parseAnswer(Buffer.concat(chunks)), isEnded, isLate }
}

async function write(socket: Socket, bytes: Uint8Array, manner: Manner): Promise<void> {
  const { leavesAfter, pieces, pauseMs, halfCloses } = manner
  const sent = leavesAfter === undefined ? bytes : bytes.subarray(0, leavesAfter)
  const step = Math.max(1, Math.ceil(sent.byteLength / pieces))
  for (let at = 0; at < sent.byteLength && !socket.destroyed; at += step) {
    const isTaken = socket.write(sent.subarray(at, at + step))
    if (!isTaken)
      await Promise.race(['drain', 'close', 'error'].map((name) => new Promise((r) => socket.once(name, r))))
    if (pauseMs > 0) await sleep(pauseMs)
  }
  if (leavesAfter !== undefined) socket.destroy()
  else if (halfCloses) socket.end()
}

function parseAnswer(bytes: Buffer): Omit<RawAnswer, 'isEnded' | 'isLate'> {
  const text = bytes.toString('latin1')
  const statusLines = text.match(/^HTTP\/1\.1 \d{3} /gm)?.length ?? 0
  const start = text.startsWith('HTTP/1.1 100') ? text.indexOf('\r\n\r\n') + 4 : 0
  const split = text.indexOf('\r\n\r\n', start)
  const [first = '', ...lines] = text.slice(start, split < 0 ? start : split).split('\r\n')
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = split < 0 ? '' : text.slice(split + 4)
  const isChunked = headers.get('transfer-encoding') === 'chunked'
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0)
  return { status, headers, text: isChunked ? dechunk(body) : body, statusLines }
}

function dechunk(body: string): string {
  const parts: string[] = []
  for (let at = 0; ;) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = lineEnd < 0 ? 0 : Number.parseInt(body.slice(at, lineEnd), 16)
    if (!(size > 0)) return parts.join('')
    parts.push(body.slice(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
