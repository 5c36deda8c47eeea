import process from 'node:process'

import { logIn, type KeptLogin } from '@drayage/runtime'

import { askTerminal } from '../ask-terminal.ts'
import type { CommandContext } from '../command-context.ts'
import { readSecret } from '../read-secret.ts'
import { escapeForTerminal } from '../render/escape.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray login`. */
export interface LoginCommandOptions {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly passwordStdin?: boolean | undefined
}

/** `dray login [HOST]`: checks a login and keeps it where docker keeps logins. */
export async function loginCommand(context: CommandContext, host: string, options: LoginCommandOptions): Promise<void> {
  const { runtime, signal } = context
  const { username, password } = await readLogin(host, options, signal)
  const kept = await keep(host, () => logIn(runtime, { serverAddress: host, username, password }, { signal }))
  const { path, helper } = kept.stored
  if (helper === undefined) warn(`the login is kept unencrypted in ${path}; a credential helper would keep it safe`)
  if (kept.isHidden) warn(`another login for ${kept.host} comes before the one that was kept in ${path}`)
  await context.print(kept.status)
}

async function keep(host: string, work: () => Promise<KeptLogin>): Promise<KeptLogin> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause
    throw new UsageError(`Cannot log in to ${JSON.stringify(host)}: ${cause.message}`, { cause })
  }
}

async function readLogin(
  host: string,
  { username, password, passwordStdin = false }: LoginCommandOptions,
  signal: AbortSignal,
): Promise<{ readonly username: string; readonly password: string }> {
  const usage = (found: string, wanted: string): UsageError =>
    new UsageError(`Cannot log in to ${JSON.stringify(host)}: found ${found}, expected ${wanted}`)
  if (passwordStdin && password !== undefined) throw usage('--password and --password-stdin', 'one of them')
  if (passwordStdin && username === undefined) throw usage('--password-stdin alone', '--username too')
  const isComplete = username !== undefined && (passwordStdin || password !== undefined)
  if (!isComplete && !process.stdin.isTTY) throw usage('no terminal to ask on', '--username and --password-stdin')
  if (password !== undefined) warn('a password on the command line is seen by others, --password-stdin is not')
  const name = username ?? (await askTerminal('Username: ', { signal }))
  const secret =
    password ??
    (passwordStdin
      ? await readSecret(process.stdin, signal)
      : await askTerminal('Password: ', { signal, isHidden: true }))
  if (name === '' || secret === '') throw usage('no user name or no password', 'both')
  return { username: name, password: secret }
}

function warn(text: string): void {
  process.stderr.write(`dray: warning: ${escapeForTerminal(text)}\n`)
}
