import type { Stats } from 'node:fs'
import path from 'node:path'

import type { AbortOptions } from '@drayage/bytes'
import { disk, isUnreadable, unlessMissing } from '@drayage/files'
import type { MetadataFault, StoreDatabase } from '@drayage/image-store'

import type { StoreFinding } from '../../check/store-finding.ts'

/** What others may do to nothing of a store: write to it. */
const WRITABLE_BY_OTHERS = 0o022

/** Directories of a store whose entries are files, or directories of files, of this user. */
const PARTS: readonly string[] = ['', 'blobs', 'blobs/sha256', 'blobs/sha512', 'ingest', 'layers', 'uploads', 'scratch']

/** What is left by commands that were killed, and swept by age. */
const LEFT: Readonly<Record<string, string>> = {
  ingest: 'unfinished download',
  uploads: 'unfinished upload',
  scratch: 'unfinished conversion',
  trash: 'deleted content',
  damaged: 'content set aside',
}

/** Checks what a store in a directory has beside content, images and layers; see `PartChecker`. */
export async function* checkStoreParts(
  directory: string,
  database: Pick<StoreDatabase, 'examine' | 'verify'>,
  { repair, signal }: AbortOptions & { readonly repair: boolean },
): AsyncGenerator<StoreFinding, void, void> {
  const fault = database.examine()
  if (fault !== undefined) {
    if (repair) database.verify()
    yield repair
      ? { state: 'repaired', ...aboutMetadata(fault), note: 'made anew' }
      : { state: 'fault', ...aboutMetadata(fault) }
  }
  for (const part of PARTS) {
    signal?.throwIfAborted()
    yield* checkPart(directory, part, repair)
  }
  for (const [part, kind] of Object.entries(LEFT)) {
    for (const name of await namesIn(path.join(directory, part))) {
      const what = path.join(part, name)
      yield { state: 'notice', kind, what, problem: 'left', neededBy: [], note: 'swept by age, or by `dray prune`' }
    }
  }
}

/** A fault of the database or its journal as a finding. */
export function aboutMetadata({ part, problem }: MetadataFault): Omit<StoreFinding, 'state'> {
  const what = part === 'database' ? 'metadata.db' : 'names.journal'
  return { kind: part, what, problem, neededBy: [] }
}

async function* checkPart(directory: string, part: string, repair: boolean): AsyncGenerator<StoreFinding, void, void> {
  const full = path.join(directory, part)
  const own = await unlessMissing(disk.stat(full))
  if (own === undefined) return
  yield* checkEntry(full, part === '' ? '.' : part, own, repair)
  for (const name of await namesIn(full)) {
    const what = path.join(part, name)
    const found = await unlessMissing(disk.lstat(path.join(full, name))).catch((error: unknown) => {
      // Where the disk cannot tell, the check of contents does.
      if (!isUnreadable(error)) throw error
    })
    if (found !== undefined && !PARTS.includes(what)) yield* checkEntry(path.join(full, name), what, found, repair)
  }
}

/** Who may change a part of the store, and whether it is one. */
async function* checkEntry(
  full: string,
  what: string,
  found: Stats,
  repair: boolean,
): AsyncGenerator<StoreFinding, void, void> {
  const about = { kind: 'permissions', what, neededBy: [] }
  const user = process.geteuid?.()
  if (!found.isFile() && !found.isDirectory()) {
    yield { state: 'fault', ...about, problem: found.isSymbolicLink() ? 'a link' : 'neither a file nor a directory' }
  } else if (user !== undefined && found.uid !== user) {
    yield { state: 'fault', ...about, problem: `owned by user ${found.uid}` }
  } else if ((found.mode & WRITABLE_BY_OTHERS) !== 0) {
    const problem = `others may write to it (mode ${(found.mode & 0o777).toString(8)})`
    if (repair) await disk.chmod(full, found.mode & 0o755)
    yield repair
      ? { state: 'repaired', ...about, problem, note: 'closed to others' }
      : { state: 'fault', ...about, problem }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return (await unlessMissing(disk.readdir(directory))) ?? []
}
