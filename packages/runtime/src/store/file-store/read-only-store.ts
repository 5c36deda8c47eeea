import { tmpdir } from 'node:os'
import path from 'node:path'

import { createFsStore, type FsStore, StoreUnwritableError } from '@drayage/content-fs'
import { disk, unlessMissing } from '@drayage/files'
import { createMetadata, openStoreDatabase, type MetadataFault, type StoreDatabase } from '@drayage/image-store'
import { createLayerStore } from '@drayage/layer-store'

import { bringBack, LAYER_RECORDS } from './bring-back.ts'
import { aboutMetadata, checkStoreParts } from './check-parts.ts'
import { measureLeftovers } from './leftovers.ts'
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
    const faults: MetadataFault[] = []
    const opened = await openCopy(directory, copy, content, faults)
    const run: StoreDatabase['run'] = (sql, ...params) => (isOpen ? refuse() : opened.run(sql, ...params))
    const database: StoreDatabase = { ...opened, run }
    const layers = createLayerStore({ database, directory: path.join(directory, 'layers'), content })
    const metadata = createMetadata({ ...options, database, content })
    const lost = { database, content, images: metadata.images, layers, warn: (): void => {} }
    if (database.due().length > 0) await bringBack(lost, { isAlone: true, canMeasure: false })
    isOpen = true
    return {
      directory,
      content,
      layers,
      ...metadata,
      // What only helps later commands is not worth a failure.
      images: {
        ...metadata.images,
        recordSources: async () => {},
        forgetSource: async () => {},
        recordUse: async () => {},
      },
      lockImages: async () => refuse(),
      sweepLeftovers: async () => refuse(),
      measureLeftovers: (each) => measureLeftovers({ content, ...metadata }, each),
      async *checkParts(check) {
        for (const fault of faults) yield { state: 'fault', ...aboutMetadata(fault) }
        yield* checkStoreParts(directory, database, check)
      },
      assertRoom: async () => refuse(),
      // It is a copy, of which nothing goes.
      compareMetadata: async () => {},
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

/**
 * Opens a copy of the database, in the present layout; one that is lost or damaged is made from what else is there, and what
 * it was is added to `faults`.
 */
async function openCopy(
  directory: string,
  copy: string,
  content: FsStore,
  faults: MetadataFault[],
): Promise<StoreDatabase> {
  const [file, journal] = ['metadata.db', 'names.journal'].map((name) => path.join(copy, name))
  if (file === undefined || journal === undefined) throw new TypeError('Cannot copy the store: it has no files')
  await copyDatabase(path.join(directory, 'metadata.db'), file)
  // After the database, which it tells at least as much as.
  const lines = await unlessMissing(disk.readFile(path.join(directory, 'names.journal')))
  if (lines !== undefined) await disk.writeFile(journal, lines, { mode: 0o600 })
  return await openStoreDatabase(file, {
    ...{ journal, content, layers: LAYER_RECORDS },
    onRebuilt: ({ aside }) => faults.push({ part: 'database', problem: aside === undefined ? 'missing' : 'damaged' }),
    onRewritten: (problem) => faults.push({ part: 'journal', problem }),
  })
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
