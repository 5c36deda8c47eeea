import { escapeText } from '@drayage/bytes'
import { logOut } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** `dray logout [HOST]`: removes a login from where docker stores logins. */
export async function logoutCommand({ runtime, signal, print, warn }: CommandContext, host: string): Promise<void> {
  const { host: name, wasLoggedIn, isStillLoggedIn } = await logOut(runtime, host, { signal })
  const shown = escapeText(name)
  await print(wasLoggedIn ? `Removing login credentials for ${shown}` : `Not logged in to ${shown}`)
  if (isStillLoggedIn) warn(`another file or variable still has a login for ${name}`)
}
