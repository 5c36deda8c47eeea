import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import path from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const DRAYD = path.resolve(import.meta.dirname, '../../bin/drayd.js')

/** Runs a program with a limit of its open files. */
const LIMITED = 'ulimit -n "$0" && exec "$@"'

/** A daemon that runs. */
export interface Drayd {
  readonly pid: number
  /** Where it listens, as its first log line tells. */
  readonly places: readonly string[]
  /** The log lines so far, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  kill(signal: NodeJS.Signals): void
  /** The exit status and the signal that ended it. */
  readonly exited: Promise<unknown[]>
}

/** How a daemon ended that did not start. */
export interface EndedDrayd {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `drayd` until it ends. */
export async function runDrayd(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<EndedDrayd> {
  const child = spawnDrayd(args, env)
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => (texts.stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (texts.stderr += String(chunk)))
  await once(child, 'close')
  return { status: child.exitCode, ...texts }
}

/** Starts `drayd`, which may have `openFiles` open, and waits until it listens; rejects with what it said when it does not. */
export async function startDrayd(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  openFiles?: number,
): Promise<Drayd> {
  const child = spawnDrayd(args, env, openFiles)
  const exited = once(child, 'exit')
  const lines: Readonly<Record<string, unknown>>[] = []
  const texts: string[] = []
  const places = await new Promise<readonly string[]>((resolve, reject) => {
    exited.then(() => reject(new Error(`drayd did not start: ${texts.join('\n')}`)), reject)
    createInterface({ input: child.stderr }).on('line', (line) => {
      texts.push(line)
      const parsed: unknown = line.startsWith('{') ? JSON.parse(line) : {}
      if (typeof parsed !== 'object' || parsed === null) return
      lines.push(Object.fromEntries(Object.entries(parsed)))
      const told = 'places' in parsed && Array.isArray(parsed.places) ? parsed.places.map(String) : undefined
      if (told !== undefined) resolve(told)
    })
  })
  return { pid: child.pid ?? 0, places, lines, kill: (signal) => void child.kill(signal), exited }
}

function spawnDrayd(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  openFiles?: number,
): ChildProcessByStdio<null, Readable, Readable> {
  const clean = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }
  const command = [process.execPath, DRAYD, ...args]
  const limited = openFiles === undefined ? command : ['/bin/sh', '-c', LIMITED, String(openFiles), ...command]
  return spawn(limited[0] ?? '', limited.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: clean })
}

/** What a daemon answered. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** Asks a daemon at one of its places. */
export async function askDrayd(
  place: string,
  target: string,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<HttpAnswer> {
  const socketPath = place.startsWith('unix://') ? place.slice('unix://'.length) : undefined
  const [host, port] = place.replace('tcp://', '').split(':')
  const where = socketPath === undefined ? { host, port } : { socketPath }
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const sent = request({ ...where, path: target, ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (text += String(chunk)))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
