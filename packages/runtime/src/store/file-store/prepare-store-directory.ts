import { constants } from 'node:fs'
import path from 'node:path'

import { storeFailure, StoreUnsafeError, StoreUnwritableError } from '@drayage/content-fs'
import { disk, FileReadError, FileWriteError, readSmallFile, temporaryBeside, unlessMissing } from '@drayage/files'

import { StoreLayoutError } from '../../errors.ts'
import { versionFile } from './store-directory.ts'

/** The layout of store directories that this version reads and writes. */
export const STORE_LAYOUT = '1'

/** Longest text that is read as a layout version. */
const MOST_BYTES = 1024

/** Nothing that is longer is the version of a store. */
const MOST_READ = 65_536

/**
 * Creates a missing store directory, for its owner only, and checks owner and layout version of an existing one.
 *
 * @throws StoreLayoutError `ERR_STORE_LAYOUT`
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE`
 * @throws StoreUnwritableError `ERR_STORE_UNWRITABLE`
 * @throws StoreFullError `ERR_STORE_FULL`
 */
export async function prepareStoreDirectory(directory: string): Promise<void> {
  const file = path.join(directory, 'version')
  try {
    await disk.mkdir(directory, { recursive: true, mode: 0o700 })
    await assertOwn(directory)
    if (await hasVersion(directory, file)) return
    // Several processes and threads may do this at once; all write the same.
    const written = temporaryBeside(file)
    await disk.writeFile(written, `${STORE_LAYOUT}\n`, { mode: 0o600, flag: 'wx' })
    await disk.rename(written, file)
  } catch (error) {
    const failure = storeFailure(error, directory)
    // Something else has the name of the directory, or of one above it.
    throw failure instanceof FileWriteError && (failure.fault === 'other' || failure.fault === 'missing')
      ? new StoreUnwritableError(directory, { action: failure.action, reason: failure.reason, cause: failure.cause })
      : failure
  }
}

/** Why the store in a directory can only be read, as the end of a sentence; `undefined` when it can be written or is missing. */
export async function whyReadOnly(directory: string): Promise<string | undefined> {
  if ((await unlessMissing(disk.stat(versionFile(directory)))) === undefined) return undefined
  try {
    await disk.access(directory, constants.W_OK)
    return undefined
  } catch (error) {
    if (error instanceof FileReadError && error.fault === 'denied') return error.reason
    throw error
  }
}

/** Whether the directory has the layout of this version; a power cut can have torn the file that says so. */
async function hasVersion(directory: string, file: string): Promise<boolean> {
  const found = Buffer.from((await readSmallFile(file, { maxBytes: MOST_READ })) ?? []).toString()
  const version = found.slice(0, MOST_BYTES).replaceAll('\0', '').trim()
  if (version === '' || version === STORE_LAYOUT) return version === STORE_LAYOUT
  if (!mayBeDamaged(version)) throw new StoreLayoutError(directory, version, STORE_LAYOUT)
  // Loaded when it is needed, as when a store is opened.
  const { hasPresentLayout } = await import('@drayage/image-store')
  if (await hasPresentLayout(path.join(directory, 'metadata.db'))) return false
  throw new StoreLayoutError(directory, version, STORE_LAYOUT)
}

/** Whether this version is none, or the present one with a bit changed; then the database tells which one it is. */
function mayBeDamaged(version: string): boolean {
  if (!/^[1-9]\d*$/.test(version)) return true
  const changed = Number(version) ^ Number(STORE_LAYOUT)
  return version.length === STORE_LAYOUT.length && (changed & (changed - 1)) === 0
}

/** What the other parts of the store assert of their own directories; and that nobody else may put something there. */
async function assertOwn(directory: string): Promise<void> {
  const user = process.geteuid?.()
  const { uid, mode } = await disk.stat(directory)
  if (user !== undefined && uid !== user) throw new StoreUnsafeError(directory, `owner ${uid}`)
  if ((mode & OTHERS_WRITE) !== 0) await close(directory, mode, user)
  const layers = path.join(directory, 'layers')
  const found = await disk.lstat(layers).catch(() => undefined)
  if (found?.isSymbolicLink() === true) throw new StoreUnsafeError(layers, 'a symbolic link')
  await protectStoreFiles(directory)
}

const OTHERS_WRITE = 0o002

/**
 * Takes the permission to write from others, in a directory where nobody has used it: an empty one, or a store.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE` for any other one
 */
async function close(directory: string, mode: number, user: number | undefined): Promise<void> {
  const names = await disk.readdir(directory)
  if (names.length > 0 && !names.includes('version')) throw new StoreUnsafeError(directory, 'open to every user')
  for (const name of names) {
    const entry = path.join(directory, name)
    const { uid } = await disk.lstat(entry)
    if (user !== undefined && uid !== user) throw new StoreUnsafeError(entry, `owner ${uid}`)
  }
  // On a file system that cannot be written to, it stays as it is.
  await disk.chmod(directory, mode & 0o755).catch(() => {})
}

/** What SQLite and the journal keep: files that nobody else may read, since names say what somebody works on. */
const PRIVATE_FILES: readonly string[] = ['', '-wal', '-shm', '-seen', '-lock']
  .map((suffix) => `metadata.db${suffix}`)
  .concat('names.journal')

/**
 * Makes the files of the store's metadata private, whatever the umask was that they were made under.
 *
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE` for a link or another user's file in the place of one
 */
export async function protectStoreFiles(directory: string): Promise<void> {
  const user = process.geteuid?.()
  for (const name of PRIVATE_FILES) {
    const file = path.join(directory, name)
    const found = await unlessMissing(disk.lstat(file))
    if (found === undefined) continue
    if (!found.isFile()) throw new StoreUnsafeError(file, 'something else than a file')
    if (user !== undefined && found.uid !== user) throw new StoreUnsafeError(file, `owner ${found.uid}`)
    // On a file system that cannot be written to, they stay as they are.
    if ((found.mode & 0o077) !== 0) await disk.chmod(file, 0o600).catch(() => {})
  }
}
