import { stat } from 'node:fs/promises'

import { quote } from '@drayage/bytes'
import type { UserDirectory } from '@drayage/registry-server'
import { parseHtpasswd } from '@drayage/registry-server/node'

import { readNamedFile } from '../config/read-file.ts'
import { ConfigError, reasonOf } from '../errors.ts'

/** The users of an htpasswd file, as it is by now. */
export interface HtpasswdFile extends UserDirectory {
  /** Reads the file again. @throws ConfigError `ERR_DAEMON_CONFIG`; the users stay as they were */
  reload(): Promise<void>
}

/**
 * Opens an htpasswd file, which is read again whenever it has changed. While it cannot be read its users stay as they
 * were; `onError` is told once.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export async function openHtpasswd(file: string, onError: (error: unknown) => void): Promise<HtpasswdFile> {
  let version = await versionOf(file)
  let users = await readUsers(file)
  const reload = async (): Promise<void> => {
    const found = await versionOf(file)
    users = await readUsers(file)
    version = found
  }
  const current = async (): Promise<UserDirectory> => {
    const found = await versionOf(file)
    if (found === version) return users
    // Not tried again before it has changed once more.
    version = found
    await reload().catch(onError)
    return users
  }
  return {
    reload,
    check: async (login) => await (await current()).check(login),
    stampOf: async (user) => await (await current()).stampOf(user),
  }
}

async function readUsers(file: string): Promise<UserDirectory> {
  try {
    return parseHtpasswd(String(await readNamedFile(file)))
  } catch (cause) {
    throw new ConfigError(`Cannot use ${quote(file)}: ${reasonOf(cause)}`, { cause })
  }
}

/** A text that differs whenever the file was written or replaced; `undefined` if it is missing. */
async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch {
    return undefined
  }
}
