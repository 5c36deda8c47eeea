import { type Dirent, readlinkSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, normalize, resolve } from 'node:path'

import { readFailure, writeFailure } from './errors.ts'
import { systemCode } from './system-error.ts'

type Calls = typeof fs

/** The calls of `node:fs/promises` that read, and those that change something, of {@link disk}. */
const READS = ['access', 'lstat', 'readFile', 'readdir', 'readlink', 'realpath', 'stat', 'statfs'] as const
const CHANGES = ['chmod', 'link', 'mkdir', 'mkdtemp', 'rename', 'rm', 'rmdir', 'utimes', 'writeFile'] as const

/** The methods of a `FileHandle`, in the same way. */
const HANDLE_READS = ['read', 'readFile', 'stat'] as const
const HANDLE_CHANGES = ['appendFile', 'chmod', 'close', 'datasync', 'sync', 'truncate', 'write', 'writeFile'] as const

const { O_ACCMODE, O_CREAT } = { O_ACCMODE: 3, O_CREAT: fs.constants.O_CREAT }

type Call = (...args: unknown[]) => Promise<unknown>

/** The calls of the file system for what users rely on: each says in its error which path it was and what was tried. */
export type Disk = Pick<Calls, (typeof READS)[number] | (typeof CHANGES)[number] | 'open'> & {
  /** The entries of a directory, one by one, also those of a large one. */
  entries(path: string): AsyncGenerator<Dirent, void, void>
}

/**
 * `node:fs/promises` whose failures are typed, also those of the handles it opens: reads reject with FileReadError
 * `ERR_FILE_READ`, changes with FileWriteError `ERR_FILE_WRITE`. `systemCode` and `isMissing` see through both.
 */
export const disk: Disk = {
  ...(guarded({ ...fs, mkdir: makeDirectory }, READS, CHANGES) as Omit<Disk, 'open' | 'entries'>),
  async open(path, flags = 'r', mode) {
    const fail = isReading(flags) ? readFailure : writeFailure
    const file = await fs.open(path, flags, mode).catch((error: unknown) => {
      throw fail(error, shownPath(String(path)))
    })
    return Object.assign(file, guarded(file, HANDLE_READS, HANDLE_CHANGES, String(path)))
  },
  async *entries(path) {
    try {
      yield* await fs.opendir(path)
    } catch (error) {
      throw readFailure(error, shownPath(path))
    }
  },
}

/** Creates a directory, with those above it where that is asked for: Node itself does so without the reasons of the system. */
async function makeDirectory(
  path: string,
  options: { readonly recursive?: boolean; readonly mode?: number } = {},
): Promise<string | undefined> {
  const { recursive = false, mode } = options
  if (recursive) return await makeAll(resolve(path), mode)
  await fs.mkdir(path, { mode })
  return undefined
}

/** Resolves to the first directory that it created. */
async function makeAll(path: string, mode: number | undefined): Promise<string | undefined> {
  try {
    await fs.mkdir(path, { mode })
    return path
  } catch (error) {
    const parent = dirname(path)
    if (systemCode(error) !== 'ENOENT' || parent === path) {
      if (await isDirectory(path)) return undefined
      throw error
    }
    const first = await makeAll(parent, mode)
    // What is made below it now fails with the reason, as in file systems that let nobody make anything.
    await fs.mkdir(path, { mode }).catch(async (failure: unknown) => {
      if (!(await isDirectory(path))) throw failure
    })
    return first ?? path
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return await fs.stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** The methods of `target`, with failures that name the path: their first argument unless it is given. */
function guarded(
  target: object,
  reads: readonly string[],
  changes: readonly string[],
  known?: string,
): Record<string, Call> {
  const guard = (name: string, fail: typeof readFailure): [string, Call] => {
    const call = (target as Record<string, Call>)[name] as Call
    return [
      name,
      async (...args) => {
        try {
          return await call.apply(target, args)
        } catch (error) {
          throw fail(error, shownPath(known ?? String(args[0])))
        }
      },
    ]
  }
  return Object.fromEntries([
    ...reads.map((name) => guard(name, readFailure)),
    ...changes.map((name) => guard(name, writeFailure)),
  ])
}

/** The path as people know it, of an entry of a directory that is held by its number. */
function shownPath(path: string): string {
  const [, held, rest = ''] = /^(\/proc\/self\/fd\/[0-9]+)(\/.*)?$/.exec(path) ?? []
  try {
    return held === undefined ? path : normalize(readlinkSync(held) + rest)
  } catch {
    return path
  }
}

function isReading(flags: string | number): boolean {
  return typeof flags === 'string' ? flags === 'r' : (flags & O_ACCMODE) === 0 && (flags & O_CREAT) === 0
}
