import { tmpdir } from 'node:os'
import path from 'node:path'

import { createFsStore, type FsStore, StoreUnwritableError } from '@drayage/content-fs'
import { disk, unlessMissing } from '@drayage/files'
import {
  createMetadata,
  type Database,
  isImageStoreError,
  openDatabase,
  rebuildImageStore,
  takeOverFirstModel,
} from '@drayage/image-store'
import { createLayerStore } from '@drayage/layer-store'

import { checkStoreParts } from './check-parts.ts'
import type { FileStore, FileStoreOptions } from './store-directory.ts'

/** How often the database is copied again that somebody else is changing. */
const MOST_COPIES = 20

/**
 * Opens a store that this user may read and not write, also that of another user and one on a medium that is read-only. What
 * would change it throws StoreUnwritableError `ERR_STORE_UNWRITABLE`. It is seen as it was when it was opened: the database
 * is a copy, since SQLite needs to write beside one, and so older layouts are read too.
 */
export async function openReadOnlyStore(
  directory: string,
  why: string,
  options: FileStoreOptions = {},
): Promise<FileStore> {
  const refuse = (): never => {
    throw new StoreUnwritableError(directory, { action: 'change', reason: why })
  }
  const content = createFsStore({ directory, isReadOnly: true })
  await content.prepare()
  const copy = await disk.mkdtemp(path.join(tmpdir(), 'drayage-'))
  const dropCopy = (): Promise<void> => disk.rm(copy, { recursive: true, force: true })
  try {
    let isOpen = false
    const opened = await openCopy(directory, copy, content)
    const run: Database['run'] = (sql, ...params) => (isOpen ? refuse() : opened.run(sql, ...params))
    const database: Database = { ...opened, run }
    const layers = createLayerStore({ database, directory: path.join(directory, 'layers'), content })
    const metadata = createMetadata({ ...options, database, content })
    isOpen = true
    return {
      directory,
      content,
      layers,
      ...metadata,
      // What only helps later commands is not worth a failure.
      images: { ...metadata.images, recordSources: async () => {}, forgetSource: async () => {} },
      lockImages: async () => refuse(),
      sweepLeftovers: async () => refuse(),
      checkParts: (check) => checkStoreParts(directory, database, check),
      assertRoom: async () => refuse(),
      claimSweep: async () => false,
      spoolDirectory: async () => tmpdir(),
      async [Symbol.asyncDispose]() {
        await layers[Symbol.asyncDispose]()
        await content[Symbol.asyncDispose]()
        database[Symbol.dispose]()
        await dropCopy()
      },
    }
  } catch (error) {
    await dropCopy()
    throw error
  }
}

/** Opens a copy of the database, in the present layout; one that is lost or damaged is made from what else is there. */
async function openCopy(directory: string, copy: string, content: FsStore): Promise<Database> {
  const journal = path.join(directory, 'names.journal')
  const file = path.join(copy, 'metadata.db')
  await copyDatabase(path.join(directory, 'metadata.db'), file)
  const found = await openDatabase(file).catch((error: unknown) => {
    if (isImageStoreError(error) && error.code === 'ERR_STORE_CORRUPT') return undefined
    throw error
  })
  if (found?.isNew === false) {
    await takeOverFirstModel({ database: found, content })
    return found
  }
  found?.[Symbol.dispose]()
  for (const suffix of ['', '-wal', '-shm']) await disk.rm(`${file}${suffix}`, { force: true })
  const database = await openDatabase(file)
  await rebuildImageStore({ database, content, journal })
  return database
}

/** Copies a database with its log, again where somebody changed either meanwhile. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const state = async (): Promise<string> => {
    const parts = [from, `${from}-wal`].map((file) => unlessMissing(disk.stat(file)))
    return (await Promise.all(parts)).map((found) => `${found?.ino} ${found?.size} ${found?.mtimeMs}`).join('\n')
  }
  for (let left = MOST_COPIES; left > 0; left--) {
    const before = await state()
    for (const suffix of ['', '-wal']) {
      const bytes = await unlessMissing(disk.readFile(`${from}${suffix}`))
      if (bytes === undefined) await disk.rm(`${to}${suffix}`, { force: true })
      else await disk.writeFile(`${to}${suffix}`, bytes, { mode: 0o600 })
    }
    if (before === (await state())) return
  }
}
