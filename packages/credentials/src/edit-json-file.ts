import { randomUUID } from 'node:crypto'
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { CredentialsFileError, CredentialsWriteError } from './errors.ts'
import { readText } from './read-login-file.ts'

/** The members of a JSON object, in the order of the file. */
export type JsonMembers = ReadonlyMap<string, unknown>

/** How often an edit is made anew because another program has written the file meanwhile. */
const MOST_TRIES = 10

/**
 * Changes a file that holds a JSON object: written whole beside it, readable by its owner only, and put in its place, so that
 * no reader sees a part and no crash loses it. A link is followed. What `edit` leaves alone stays.
 *
 * @param edit gives the members to write, or `undefined` to write nothing
 * @throws CredentialsFileError `ERR_CREDENTIALS_FILE` when what is there cannot be read
 * @throws CredentialsWriteError `ERR_CREDENTIALS_WRITE`
 */
export async function editJsonFile(
  path: string,
  edit: (members: JsonMembers) => JsonMembers | undefined,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const before = await readText(path)
    const members = edit(parseMembers(path, before ?? ''))
    if (members === undefined) return
    const text = `${JSON.stringify(Object.fromEntries(members), undefined, '\t')}\n`
    const isStill = async (): Promise<boolean> => (await readText(path)) === before || tries >= MOST_TRIES
    try {
      if (await replace(path, text, isStill)) return
    } catch (cause) {
      if (cause instanceof CredentialsFileError) throw cause
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an error'
      throw new CredentialsWriteError(path, code, 'a directory that takes files', { cause })
    }
  }
}

function parseMembers(path: string, text: string): JsonMembers {
  if (text.trim() === '') return new Map()
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The cause would quote the text, which holds secrets.
    throw new CredentialsFileError(path, 'no JSON', 'a JSON object')
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return new Map(Object.entries(value))
  throw new CredentialsFileError(path, 'another value as the document', 'a JSON object')
}

async function replace(path: string, text: string, isStill: () => Promise<boolean>): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const target = await realpath(path).catch(() => path)
  const written = `${target}.${randomUUID()}`
  try {
    await using file = await open(written, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    if (!(await isStill())) return false
    await rename(written, target)
  } finally {
    await rm(written, { force: true })
  }
  await using directory = await open(dirname(target), 'r')
  await directory.sync()
  return true
}
