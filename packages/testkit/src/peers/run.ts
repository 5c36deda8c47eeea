import { spawn } from 'node:child_process'

/** How to run a program. */
export interface RunOptions {
  /** Written to its standard input, which is empty by default. */
  readonly input?: Uint8Array | string
  /** Added to the environment of this process; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Kills the program. */
  readonly signal?: AbortSignal
}

/** How a program ended. */
export interface RunResult {
  readonly stdout: string
  readonly stderr: string
  /** The bytes of standard output. */
  readonly output: Uint8Array
  /** The exit status; -1 when a signal ended it. */
  readonly code: number
}

/** Runs a program to its end. Any exit status resolves; it rejects when the program cannot be started. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted()
  const child = spawn(command, [...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    signal: options.signal,
    killSignal: 'SIGKILL',
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  // A program may end without reading its input.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.on('error', (error) => reject(options.signal?.aborted === true ? options.signal.reason : error))
  child.on('close', (code) => resolve(code ?? -1))
  const code = await promise
  const output = Buffer.concat(stdout)
  return { stdout: output.toString(), stderr: Buffer.concat(stderr).toString(), output, code }
}

/** Runs a program as {@link run} does, and rejects with what it wrote to standard error unless it exits with 0. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(command, args, options)
  if (result.code === 0) return result
  const found = `exit status ${result.code}: ${result.stderr.slice(-2000)}`
  throw new Error(`Cannot run "${command} ${args.join(' ')}": found ${found}, expected 0`)
}
