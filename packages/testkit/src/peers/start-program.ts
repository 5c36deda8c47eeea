import { spawn, type ChildProcess } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program that runs until it is stopped. */
export interface Program extends AsyncDisposable {
  readonly pid: number
  /** Sends a signal; `SIGKILL` for what a crash leaves behind. */
  kill(signal: NodeJS.Signals): void
  /** Settles when it has ended. */
  readonly ended: Promise<void>
  /** Ends it with `SIGTERM`, after 10 s with `SIGKILL`. */
  stop(): Promise<void>
}

/** How to start a daemon. */
export interface StartProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Takes standard output and error; what is there is kept. */
  readonly logFile: string
  /** Whether it can be used; asked until it says so. */
  readonly isReady: () => Promise<boolean>
  /** 30 000 by default. */
  readonly timeoutMs?: number
}

/** Starts a daemon and waits until it is ready. It ends with this process at the latest. */
export async function startProgram(options: StartProgramOptions): Promise<Program> {
  const log = await open(options.logFile, 'a')
  const child = spawn(options.command, [...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log.fd, log.fd],
  })
  const program = control(child)
  try {
    await untilReady(program, options)
  } catch (cause) {
    await program.stop()
    const tail = (await readFile(options.logFile, 'utf8')).slice(-2000)
    throw new Error(`Cannot start "${options.command}": found ${tail}, expected a daemon that is ready`, { cause })
  } finally {
    await log.close()
  }
  return program
}

function control(child: ChildProcess): Program {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const atExit = (): void => void child.kill('SIGKILL')
  const finish = (): void => {
    process.off('exit', atExit)
    resolve()
  }
  process.on('exit', atExit)
  child.once('exit', finish)
  child.once('error', finish)
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal)
  const stop = async (): Promise<void> => {
    kill('SIGTERM')
    const hard = setTimeout(kill, 10_000, 'SIGKILL')
    await ended
    clearTimeout(hard)
  }
  return { pid: child.pid ?? -1, kill, ended, stop, [Symbol.asyncDispose]: stop }
}

async function untilReady(program: Program, options: StartProgramOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 30_000
  let over: string | undefined
  const timer = setTimeout(() => (over = `no answer after ${timeoutMs} ms`), timeoutMs)
  void program.ended.then(() => (over = 'its end'))
  try {
    while (!(await options.isReady())) {
      if (over !== undefined) throw new Error(`Cannot wait for "${options.command}": found ${over}, expected an answer`)
      await sleep(50)
    }
  } finally {
    clearTimeout(timer)
  }
}
