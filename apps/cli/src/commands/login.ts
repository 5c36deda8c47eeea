import process from 'node:process'

import { quote } from '@drayage/bytes'
import { logIn, type KeptLogin } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'
import { askTerminal } from '../input/ask-terminal.ts'
import { readSecret } from '../input/read-pipe.ts'

/** Options of `dray login`. */
export interface LoginCommandOptions {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly passwordStdin?: boolean | undefined
}

/** `dray login [HOST]`: checks a login and stores it where docker stores logins. */
export async function loginCommand(context: CommandContext, host: string, options: LoginCommandOptions): Promise<void> {
  const { runtime, signal, onEvent } = context
  const { username, password } = await readLogin(context, host, options)
  const kept = await keep(host, () => logIn(runtime, { serverAddress: host, username, password }, { signal, onEvent }))
  const { path, helper } = kept.stored
  if (helper === undefined) {
    context.warn(`the password is stored unencrypted in ${path}; a credential helper would protect it`)
  }
  if (kept.isHidden) context.warn(`another login for ${kept.host} takes precedence over the one stored in ${path}`)
  await context.print(kept.status)
}

async function keep(host: string, work: () => Promise<KeptLogin>): Promise<KeptLogin> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof TypeError) && !(cause instanceof RangeError)) throw cause
    throw new UsageError(`Cannot log in to ${quote(host)}: ${cause.message}`, { cause })
  }
}

async function readLogin(
  { signal, warn }: CommandContext,
  host: string,
  { username, password, passwordStdin = false }: LoginCommandOptions,
): Promise<{ readonly username: string; readonly password: string }> {
  const usage = (what: string, hint?: string): UsageError =>
    new UsageError(`Cannot log in to ${quote(host)}: ${what}`, { hint })
  if (passwordStdin && password !== undefined) throw usage('--password and --password-stdin exclude each other')
  if (passwordStdin && username === undefined) throw usage('--password-stdin needs --username')
  const isComplete = username !== undefined && (passwordStdin || password !== undefined)
  if (!isComplete && !process.stdin.isTTY) {
    throw usage('there is no terminal to ask on', 'Use --username and --password-stdin.')
  }
  if (password !== undefined) warn('other users can see a password on the command line; use --password-stdin')
  const name = username ?? (await askTerminal('Username: ', { signal }))
  const secret =
    password ??
    (passwordStdin
      ? await readSecret(process.stdin, signal)
      : await askTerminal('Password: ', { signal, isHidden: true }))
  if (name === '' || secret === '') throw usage('the user name or the password is empty')
  return { username: name, password: secret }
}
