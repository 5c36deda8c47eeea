import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'

import { CredentialsHelperError } from './errors.ts'
import type { Environment } from './login-sources.ts'

const NAME = /^[A-Za-z0-9._-]{1,128}$/

/**
 * Finds the program of a credential helper: `docker-credential-<name>` in the absolute directories of `PATH`, never in the
 * working directory.
 *
 * @throws CredentialsHelperError `ERR_CREDENTIALS_HELPER` when the name is no plain file name, or there is no such program
 */
export async function findHelper(name: string, env: Environment): Promise<string> {
  if (!NAME.test(name)) throw new CredentialsHelperError(name, 'name', 'this name', 'letters, digits, ".", "_" and "-"')
  const isWindows = process.platform === 'win32'
  const program = `docker-credential-${name}${isWindows ? '.exe' : ''}`
  const search = env['PATH'] ?? (isWindows ? env['Path'] : undefined) ?? ''
  for (const directory of search.split(delimiter)) {
    if (isAbsolute(directory) && (await isProgram(join(directory, program)))) return join(directory, program)
  }
  throw new CredentialsHelperError(name, 'missing', `no program ${program} on PATH`, 'one')
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false
    throw error
  }
}
