import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import path from 'node:path'

import { storeFailure, StoreUnsafeError, StoreUnwritableError } from '@drayage/content-fs'
import { disk, FileReadError, FileWriteError, unlessMissing } from '@drayage/files'

import { StoreLayoutError } from '../../errors.ts'
import { versionFile } from './store-directory.ts'

/** The layout of store directories that this version reads and writes. */
export const STORE_LAYOUT = '1'

/** Longest text that is read as a layout version. */
const MOST_BYTES = 1024

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
    const written = `${file}.${randomUUID()}`
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
  const found = (await unlessMissing(disk.readFile(file, 'utf8'))) ?? ''
  const version = found.slice(0, MOST_BYTES).replaceAll('\0', '').trim()
  if (version !== '' && version !== STORE_LAYOUT) throw new StoreLayoutError(directory, version, STORE_LAYOUT)
  return version === STORE_LAYOUT
}

/** What the other parts of the store assert of their own directories. */
async function assertOwn(directory: string): Promise<void> {
  const user = process.geteuid?.()
  const { uid } = await disk.stat(directory)
  if (user !== undefined && uid !== user) throw new StoreUnsafeError(directory, `owner ${uid}`)
  const layers = path.join(directory, 'layers')
  const found = await disk.lstat(layers).catch(() => undefined)
  if (found?.isSymbolicLink() === true) throw new StoreUnsafeError(layers, 'a symbolic link')
}
