import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'

import { ConfigError } from '../errors.ts'

/** The first file descriptor that systemd passes. */
const FIRST_DESCRIPTOR = 3

/**
 * The file descriptors of the sockets that systemd opened for this process.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG` when there are none
 * @see sd_listen_fds(3)
 */
export function systemdSockets(env: Readonly<Record<string, string | undefined>>): number[] {
  const count = Number(env['LISTEN_FDS'] ?? 0)
  if (env['LISTEN_PID'] !== String(process.pid) || !Number.isSafeInteger(count) || count < 1) {
    throw new ConfigError('Cannot listen on "fd://": systemd passed no sockets', {
      hint: 'Start drayd through its socket unit.',
    })
  }
  return Array.from({ length: count }, (_, at) => FIRST_DESCRIPTOR + at)
}

/**
 * Tells systemd the state of the daemon, such as `READY=1`, if it asks for that. Node cannot open datagram sockets on files,
 * so systemd's own command sends it: the unit has `NotifyAccess=all`.
 *
 * @see sd_notify(3)
 */
export async function notifySystemd(state: string, env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if ((env['NOTIFY_SOCKET'] ?? '') === '') return
  const child = spawn('systemd-notify', [state], { stdio: 'ignore', env: { ...env } })
  await Promise.race([once(child, 'exit'), once(child, 'error')]).catch(() => {})
}
