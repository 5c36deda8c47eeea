import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

import { StoreLayoutError } from './errors.ts'

/** The layout of store directories that this version reads and writes. */
export const STORE_LAYOUT = '1'

/**
 * Creates a store directory that is missing, for its owner only, and checks the layout version of one that is there.
 *
 * @throws StoreLayoutError `ERR_STORE_LAYOUT`
 */
export async function prepareStoreDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = path.join(directory, 'version')
  const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) {
    // Several processes may do this at once; all write the same.
    const written = `${file}.${process.pid}`
    await writeFile(written, `${STORE_LAYOUT}\n`, { mode: 0o600 })
    await rename(written, file)
    return
  }
  if (found.trim() !== STORE_LAYOUT) throw new StoreLayoutError(directory, found.trim(), STORE_LAYOUT)
}
