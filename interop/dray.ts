import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import process from 'node:process'

const ROOT = path.resolve(import.meta.dirname, '..')

/** The command line that runs the built `dray` with the Node of this test run. */
export const DRAY: readonly string[] = [process.execPath, path.join(ROOT, 'apps/cli/bin/dray.js')]

/** What a finished command printed. */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A running `dray` and its end. */
export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

/** Starts `dray` with a store of its own. */
export function startDray(store: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Running {
  const [node = '', script = ''] = DRAY
  const child = spawn(node, [script, '--store', store, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }),
    )
  })
  return { child, finished }
}

/** Runs `dray` to its end, whatever it is. */
export function dray(store: string, ...args: readonly string[]): Promise<Finished> {
  return startDray(store, args).finished
}

/** Runs `dray` and gives its stdout. @throws Error unless it exits with 0 */
export async function drayOk(store: string, ...args: readonly string[]): Promise<string> {
  const result = await dray(store, ...args)
  if (result.code !== 0)
    throw new Error(`dray ${args.join(' ')}: exit ${result.code}\n${result.stdout}${result.stderr}`)
  return result.stdout
}
