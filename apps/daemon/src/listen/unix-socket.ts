import { once } from 'node:events'
import { chown, lstat, readFile, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import process from 'node:process'

import { quote } from '@drayage/bytes'

import { ConfigError } from '../errors.ts'

/** For owner and group only. */
const SOCKET_MODE = 0o660

/**
 * Lets a server listen on a socket file with mode 0660. A socket that an earlier process left behind is replaced; a socket
 * in use and any other file are not.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function listenOnSocket(server: Server, path: string, group: string | undefined): Promise<void> {
  const gid = group === undefined ? undefined : await groupId(group)
  await removeStale(path)
  // The socket is created with its mode, so that nobody can connect in between.
  const before = process.umask(0o777 & ~SOCKET_MODE)
  try {
    server.listen(path)
    await once(server, 'listening')
  } finally {
    process.umask(before)
  }
  if (gid !== undefined) await chown(path, process.getuid?.() ?? 0, gid)
}

async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket())
    throw new ConfigError(`Cannot listen on ${quote(path)}: a file that is no socket has this name`)
  if (await isInUse(path)) throw new ConfigError(`Cannot listen on ${quote(path)}: another process listens there`)
  await unlink(path)
}

async function isInUse(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** The number of a group. @throws ConfigError `ERR_DAEMON_CONFIG` */
export async function groupId(group: string): Promise<number> {
  if (/^\d{1,9}$/.test(group)) return Number(group)
  const lines = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':'))
  const found = lines.find(([name]) => name === group)?.[2]
  if (found === undefined) throw new ConfigError(`Cannot use group ${quote(group)}: there is no such group`)
  return Number(found)
}

/** The group that may use sockets when none is named: `docker`, if it exists and this process is root. */
export async function defaultGroup(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const text = await readFile('/etc/group', 'utf8').catch(() => '')
  return /^docker:/m.test(text) ? 'docker' : undefined
}
