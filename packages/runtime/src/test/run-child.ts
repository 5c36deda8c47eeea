import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** How a process ended. */
export interface ChildResult {
  /** Its exit code, or the signal that ended it. */
  readonly ended: number | string | null
  /** What it printed. */
  readonly output: string
}

/** Runs `child.ts` to its end. */
export async function runChild(...args: readonly string[]): Promise<ChildResult> {
  return await endOf(start(args))
}

/** Runs `child.ts` until `moment`, and ends it then as a power cut would. */
export async function killChild(moment: Promise<unknown>, ...args: readonly string[]): Promise<ChildResult> {
  const child = start(args)
  void moment.then(() => child.kill('SIGKILL'))
  return await endOf(child)
}

/** Starts `child.ts`, to be stopped, continued and killed. */
export function startChild(...args: readonly string[]): ReturnType<typeof start> {
  return start(args)
}

function start(args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const script = fileURLToPath(new URL('child.ts', import.meta.url))
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function endOf(child: ReturnType<typeof start>): Promise<ChildResult> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [code, signal]: (number | string | null)[] = await once(child, 'close')
  return { ended: code ?? signal ?? null, output }
}
