import { mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { isMissing, syncDirectory, systemCode, temporaryBeside } from '@drayage/files'

import { CredentialsFileError, CredentialsWriteError } from '../errors.ts'
import { type LoginFile, parseLoginFile, parseMembers } from './login-file.ts'
import type { LoginSource } from './login-sources.ts'

/** The most bytes of a file of logins: 4 MiB. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

/**
 * Reads a place of logins; `undefined` when the file is missing.
 *
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE`
 */
export async function readLoginFile(source: LoginSource): Promise<LoginFile | undefined> {
  const text = source.kind === 'text' ? source.text : await readFileText(source.path)
  return text === undefined ? undefined : parseLoginFile(source.path, text, source.form)
}

/** The text of a file of at most 4 MiB; `undefined` when it is missing. @throws CredentialsFileError `ERR_CREDENTIALS_FILE` */
async function readFileText(path: string): Promise<string | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    if (size > MAX_FILE_BYTES)
      throw new CredentialsFileError(path, `it has ${size} bytes, expected at most ${MAX_FILE_BYTES}`)
    return await file.readFile('utf8')
  } catch (cause) {
    if (cause instanceof CredentialsFileError) throw cause
    if (isMissing(cause)) return undefined
    throw new CredentialsFileError(path, `it cannot be read (${systemCode(cause) ?? 'unknown reason'})`, { cause })
  }
}

/** The members of a JSON object, in the order of the file. */
export type JsonMembers = ReadonlyMap<string, unknown>

/** How often an edit is tried while another program writes the file. */
const MAX_TRIES = 10

/**
 * Changes a file that holds a JSON object: writes a new file next to it, readable by its owner only, and renames it, so that
 * no reader sees a part and no crash loses it. A link is followed. What `edit` leaves alone stays.
 *
 * @param edit gives the members to write, or `undefined` to write nothing
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE` when what is there cannot be read
 * @throws CredentialsWriteError `ERR_CREDENTIALS_WRITE`
 */
export async function editLoginFile(
  path: string,
  edit: (members: JsonMembers) => JsonMembers | undefined,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const before = await readFileText(path)
    const members = edit(parseMembers(path, before ?? ''))
    if (members === undefined) return
    const text = `${JSON.stringify(Object.fromEntries(members), undefined, '\t')}\n`
    const isStill = async (): Promise<boolean> => (await readFileText(path)) === before || tries >= MAX_TRIES
    try {
      if (await replace(path, text, isStill)) return
    } catch (cause) {
      if (cause instanceof CredentialsFileError) throw cause
      throw new CredentialsWriteError(path, systemCode(cause) ?? 'unknown reason', { cause })
    }
  }
}

async function replace(path: string, text: string, isStill: () => Promise<boolean>): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const target = await realpath(path).catch(() => path)
  const written = temporaryBeside(target)
  try {
    await using file = await open(written, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    if (!(await isStill())) return false
    await rename(written, target)
  } finally {
    await rm(written, { force: true })
  }
  await syncDirectory(dirname(target))
  return true
}
