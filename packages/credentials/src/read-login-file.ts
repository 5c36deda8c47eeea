import { open } from 'node:fs/promises'

import { CredentialsFileError } from './errors.ts'
import { type LoginFile, parseLoginFile } from './login-file.ts'
import type { LoginSource } from './login-sources.ts'

/** The most bytes of a file of logins: 4 MiB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

/**
 * Reads a place of logins; `undefined` when there is no such file.
 *
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE`
 */
export async function readLoginFile(source: LoginSource): Promise<LoginFile | undefined> {
  const text = source.kind === 'text' ? source.text : await readText(source.path)
  return text === undefined ? undefined : parseLoginFile(source.path, text, source.form)
}

/** The text of a file of at most 4 MiB; `undefined` when there is none. @throws CredentialsFileError `ERR_CREDENTIALS_FILE` */
export async function readText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    if (size > MAX_FILE_BYTES) throw new CredentialsFileError(path, `${size} bytes`, `at most ${MAX_FILE_BYTES}`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof CredentialsFileError) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new CredentialsFileError(path, code, 'a readable file', { cause })
  }
}
