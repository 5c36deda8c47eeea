import { open } from 'node:fs/promises'

import { RegistryConfigError } from '../errors.ts'

/** The most bytes of a file of configuration. */
const MAX_CONFIG_BYTES = 1024 * 1024

/** A part of a file that has no effect here. */
export interface IgnoredSetting {
  readonly file: string
  /** Where in the file; empty for the whole file. */
  readonly key: string
  readonly reason: string
}

/**
 * Reads a configuration file; `undefined` when it is missing.
 *
 * @throws RegistryConfigError `ERR_REGISTRY_CONFIG`
 */
export async function readConfigFile(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, 'r')
    const { size } = await handle.stat()
    if (size > MAX_CONFIG_BYTES) {
      throw new RegistryConfigError(file, '', `${size} bytes`, `at most ${MAX_CONFIG_BYTES}`)
    }
    return await handle.readFile('utf8')
  } catch (cause) {
    if (cause instanceof RegistryConfigError) throw cause
    const code = codeOf(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new RegistryConfigError(file, '', code, 'a readable file', { cause })
  }
}

/** Whether a file is there but not for this user. */
export function isForbidden(error: unknown): boolean {
  const code = error instanceof RegistryConfigError ? codeOf(error.cause) : codeOf(error)
  return code === 'EACCES' || code === 'EPERM'
}

/**
 * Reads the first of several files that is there. One that this user may not read is noted and passed over: it was not
 * written for this user.
 */
export async function readFirstFile(
  files: readonly string[],
  ignored: IgnoredSetting[],
): Promise<{ readonly file: string; readonly text: string } | undefined> {
  for (const file of files) {
    try {
      const text = await readConfigFile(file)
      if (text !== undefined) return { file, text }
    } catch (error) {
      if (!isForbidden(error)) throw error
      ignored.push({ file, key: '', reason: 'this user may not read it' })
    }
  }
  return undefined
}

/** The system's name of a failure. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an error'
}
