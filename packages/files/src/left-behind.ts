import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'

import { disk } from './disk.ts'
import { writeFailure } from './errors.ts'
import { systemCode, unlessMissing } from './system-error.ts'

/** The age at which a file counts as left behind whose process cannot be asked for, as of another machine: a day. */
const OLD_MS = 24 * 3600 * 1000

/** Which numbers of processes are those that this one knows: of this machine since it started, in this container. */
const NAMESPACE: string = createHash('sha256').update(namespace()).digest('hex').slice(0, 8)

function namespace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname()
  }
}

/** A name beside which files may have been left, in a directory that is held. */
export interface NamedPlace {
  readonly directory: { readonly path: string; at(name: string): string }
  readonly name: string
}

/** The path of a new, hidden file next to `path`, whose content is to replace it. It tells which process writes it. */
export function temporaryBeside(path: string): string {
  const owner = `${NAMESPACE}-${process.pid}-${randomBytes(6).toString('hex')}`
  return join(dirname(path), `.${basename(path)}.${owner}.partial`)
}

/**
 * Removes the files beside a name that {@link temporaryBeside} named, and whose process was killed. Those of other users, and
 * of processes that may live, stay.
 *
 * @throws FileWriteError `ERR_FILE_WRITE`
 */
export async function removeLeftBehind({ directory, name }: NamedPlace): Promise<void> {
  try {
    for (const entry of await disk.readdir(directory.at('.'))) {
      if (!entry.startsWith(`.${name}.`) || !entry.endsWith('.partial')) continue
      const found = await unlessMissing(disk.lstat(directory.at(entry)))
      if (found?.isFile() !== true || found.uid !== (process.geteuid?.() ?? found.uid)) continue
      const owner = entry.slice(name.length + 2, -'.partial'.length)
      if (isGone(owner, Date.now() - found.mtimeMs)) await disk.rm(directory.at(entry), { force: true })
    }
  } catch (error) {
    throw writeFailure(error, join(directory.path, name))
  }
}

/** Whether the process that a file is named after has ended. */
function isGone(owner: string, idleMs: number): boolean {
  const [, space, pid] = /^([0-9a-f]{8})-([0-9]+)-[0-9a-f]{12}$/.exec(owner) ?? []
  if (space !== NAMESPACE) return idleMs > OLD_MS && (space !== undefined || /^[0-9a-f]{12}$/.test(owner))
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}
