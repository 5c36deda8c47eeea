import process from 'node:process'

import { logOut } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { escapeForTerminal } from '../render/escape.ts'

/** `dray logout [HOST]`: forgets a login where docker keeps logins. */
export async function logoutCommand({ runtime, signal, print }: CommandContext, host: string): Promise<void> {
  const { host: name, wasLoggedIn, isStillLoggedIn } = await logOut(runtime, host, { signal })
  const shown = escapeForTerminal(name)
  await print(wasLoggedIn ? `Removing login credentials for ${shown}` : `Not logged in to ${shown}`)
  if (isStillLoggedIn) process.stderr.write(`dray: warning: another file or variable has a login for ${shown}\n`)
}
