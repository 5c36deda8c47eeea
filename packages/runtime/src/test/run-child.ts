import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
  const script = fileURLToPath(new URL('child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args])
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [code, signal]: (number | string | null)[] = await once(child, 'close')
  return { ended: code ?? signal ?? null, output }
}
