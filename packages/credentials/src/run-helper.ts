import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

import { CredentialsHelperError } from './errors.ts'
import type { Environment } from './login-sources.ts'

/** What a helper is told to do. */
export type HelperAction = 'get' | 'store' | 'erase'

/** What a helper is run with. */
export interface RunHelperOptions {
  /** Its name, for messages. */
  readonly helper: string
  /** Its program, as an absolute path. */
  readonly program: string
  readonly action: HelperAction
  /** What it reads from its input. */
  readonly input: string
  readonly env: Environment
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What a helper left behind. */
export interface HelperOutput {
  /** 0 for success; `null` when a signal ended it. */
  readonly exitCode: number | null
  readonly stdout: string
  /** Its first 64 KiB. */
  readonly stderr: string
}

/** The most bytes that a helper may print: 1 MiB. */
const MAX_OUTPUT_BYTES = 1024 * 1024
const MAX_ERROR_BYTES = 65_536

/**
 * Runs a helper without a shell and with nothing secret in its arguments. It runs in a process group of its own,
 * which is killed when it takes too long or prints too much, and at the end, so that nothing of it stays behind.
 *
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER`
 */
export async function runHelper(options: RunHelperOptions): Promise<HelperOutput> {
  const { helper, program, action, input, env, timeoutMs, signal } = options
  signal.throwIfAborted()
  const child = spawn(program, [action], { env, detached: true, windowsHide: true, stdio: 'pipe' })
  const stop = new AbortController()
  const fail = (problem: 'timeout' | 'output-size', found: string, wanted: string): void =>
    stop.abort(new CredentialsHelperError(helper, problem, found, wanted))
  const timer = setTimeout(() => fail('timeout', `no answer after ${timeoutMs} ms`, 'one'), timeoutMs)
  const stdout = gather(child.stdout, MAX_OUTPUT_BYTES, () => {
    fail('output-size', `more than ${MAX_OUTPUT_BYTES} bytes of output`, 'less')
  })
  const stderr = gather(child.stderr, MAX_ERROR_BYTES, () => {})
  // A helper that does not read its input is judged by its exit.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  try {
    const [exitCode] = await once(child, 'close', { signal: AbortSignal.any([signal, stop.signal]) })
    return { exitCode: typeof exitCode === 'number' ? exitCode : null, stdout: stdout(), stderr: stderr() }
  } catch (cause) {
    signal.throwIfAborted()
    stop.signal.throwIfAborted()
    throw new CredentialsHelperError(helper, 'exit', codeOf(cause), 'a program that runs', { cause })
  } finally {
    clearTimeout(timer)
    killGroup(child)
  }
}

/** Keeps the first `maxBytes` of a stream and drops the rest. */
function gather(stream: NodeJS.ReadableStream, maxBytes: number, onMore: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes <= maxBytes) chunks.push(chunk)
    else onMore()
  })
  stream.on('error', () => {})
  return () => Buffer.concat(chunks).toString('utf8')
}

function killGroup(child: ChildProcess): void {
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
  child.on('error', () => {})
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    // The group has ended already.
    if (codeOf(error) !== 'ESRCH' && codeOf(error) !== 'EPERM') throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an error'
}
