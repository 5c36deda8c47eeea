import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

import { anySignal } from '@drayage/bytes'
import { systemCode } from '@drayage/files'

import { CredentialsHelperError } from '../errors.ts'
import type { Environment } from '../logins/login-sources.ts'

const NAME = /^[A-Za-z0-9._-]{1,128}$/

/**
 * Finds the program of a credential helper: `docker-credential-<name>` in the absolute directories of `PATH`, never in the
 * working directory.
 *
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER` when the name is not a plain file name, or the program is missing
 */
export async function findHelper(name: string, env: Environment): Promise<string> {
  if (!NAME.test(name)) {
    throw new CredentialsHelperError(
      name,
      'name',
      'its name holds other characters than letters, digits, ".", "_" and "-"',
    )
  }
  const isWindows = process.platform === 'win32'
  const program = `docker-credential-${name}${isWindows ? '.exe' : ''}`
  const search = env['PATH'] ?? (isWindows ? env['Path'] : undefined) ?? ''
  for (const directory of search.split(delimiter)) {
    if (isAbsolute(directory) && (await isProgram(join(directory, program)))) return join(directory, program)
  }
  throw new CredentialsHelperError(name, 'missing', `there is no program ${program} on PATH`)
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch (error) {
    if (systemCode(error) !== undefined) return false
    throw error
  }
}

/** What a helper is asked to do. */
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
  const fail = (problem: 'timeout' | 'output-size', found: string): void =>
    stop.abort(new CredentialsHelperError(helper, problem, found))
  const timer = setTimeout(() => fail('timeout', `it did not answer within ${timeoutMs} ms`), timeoutMs)
  const stdout = gather(child.stdout, MAX_OUTPUT_BYTES, () => {
    fail('output-size', `it printed more than ${MAX_OUTPUT_BYTES} bytes`)
  })
  const stderr = gather(child.stderr, MAX_ERROR_BYTES, () => {})
  // A helper that does not read its input is judged by its exit.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  try {
    const [exitCode] = await once(child, 'close', { signal: anySignal(signal, stop.signal) })
    return { exitCode: typeof exitCode === 'number' ? exitCode : null, stdout: stdout(), stderr: stderr() }
  } catch (cause) {
    signal.throwIfAborted()
    stop.signal.throwIfAborted()
    throw new CredentialsHelperError(helper, 'exit', `it did not start (${systemCode(cause) ?? 'unknown reason'})`, {
      cause,
    })
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
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'EPERM') throw error
  }
}
