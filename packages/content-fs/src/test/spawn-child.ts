import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process that runs `child.ts`. */
export interface Child {
  /** The lines that it printed so far. */
  readonly lines: readonly string[]
  /** Waits until it has printed a line that starts so. */
  printed(start: string): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  /** Waits for its end; resolves to its exit code or the signal that ended it. */
  readonly ended: Promise<number | string | null>
}

/** Starts `child.ts`. */
export function spawnChild(directory: string, mode: 'copy' | 'slow' | 'hold' | 'many', size: number, stop = ''): Child {
  const script = fileURLToPath(new URL('child.ts', import.meta.url))
  const child: ChildProcess = spawn(process.execPath, [script, directory, mode, String(size), stop], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  if (child.stdout !== null) {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line)
      for (const look of waiting) look()
    })
  }
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? null)
  return {
    lines,
    ended,
    printed: (start) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines.some((line) => line.startsWith(start))) resolve()
        }
        waiting.add(look)
        void ended.then(() => reject(new Error(`Cannot see "${start}": the process ended after ${lines.join()}`)))
        look()
      }),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
