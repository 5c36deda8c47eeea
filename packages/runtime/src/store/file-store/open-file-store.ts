import path from 'node:path'

import { createFsStore, type FsStore } from '@drayage/content-fs'
import { disk } from '@drayage/files'
import { createMetadata, openStoreDatabase, type RebuiltDatabase } from '@drayage/image-store'
import { createLayerStore } from '@drayage/layer-store'

import { assertRoom } from './assert-room.ts'
import { bringBack, LAYER_RECORDS, settledLayers } from './bring-back.ts'
import { checkStoreParts } from './check-parts.ts'
import { openFileLives } from './holder-life.ts'
import { createImageLock, unlessHeld } from './image-lock.ts'
import type { FileStore, FileStoreOptions } from './store-directory.ts'
import { claimSweep, measureLeftovers, sweepLeftovers } from './leftovers.ts'
import { openReadOnlyStore } from './read-only-store.ts'
import { openReserve, withReserve } from './reserve.ts'
import { prepareStoreDirectory, protectStoreFiles, whyReadOnly } from './prepare-store-directory.ts'

/**
 * Opens the store in `directory`, and creates it when it is missing. Any number of processes may do so at once. One that
 * this user may read and not write is opened for reading; see {@link openReadOnlyStore}.
 *
 * @throws StoreLayoutError `ERR_STORE_LAYOUT` when a newer version made it
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE` when it belongs to another user, or a part of it is a link
 * @throws StoreUnwritableError `ERR_STORE_UNWRITABLE` when it cannot be created
 * @throws StoreVersionError `ERR_STORE_VERSION`, StoreCorruptError `ERR_STORE_CORRUPT`, StoreBusyError `ERR_STORE_BUSY`
 * of its database
 */
export async function openFileStore(directory: string, options: FileStoreOptions = {}): Promise<FileStore> {
  const why = await whyReadOnly(directory)
  if (why !== undefined) return await openReadOnlyStore(directory, why, options)
  await prepareStoreDirectory(directory)
  const content = createFsStore({ directory })
  await content.prepare()
  const reserve = openReserve(directory)
  reserve.makeRoom()
  const { onWarning: warn = (): void => {} } = options
  const journal = path.join(directory, 'names.journal')
  const opened = await openStoreDatabase(path.join(directory, 'metadata.db'), {
    journal,
    content,
    hasContent: () => hasAny(content),
    layers: LAYER_RECORDS,
    onRebuilt: (rebuilt) => warn(textOf(rebuilt)),
    onRewritten: (problem) => warn(`the journal "${journal}" was written anew from the database: ${problem}`),
  })
  const database = withReserve(opened, reserve)
  try {
    await protectStoreFiles(directory)
    const lives = openFileLives(path.join(directory, 'holders'))
    const layers = createLayerStore({ database, directory: path.join(directory, 'layers'), content, life: lives })
    const metadata = createMetadata({ ...options, database, content, life: lives })
    const lockImages = createImageLock(path.join(directory, 'images.lock'), warn)
    const rebuilt = { database, content, images: metadata.images, layers, warn }
    if (database.due().length > 0) {
      await using _lock = await lockImages()
      await bringBack(rebuilt, { isAlone: true })
    }
    const settle = shared(async () => {
      if (database.due().length > 0) await bringBack(rebuilt, { isAlone: false })
    })
    return {
      directory,
      content,
      layers: settledLayers(layers, settle),
      ...metadata,
      images: {
        ...metadata.images,
        // What only helps later prunes takes nothing of the room for them.
        recordUse: async (what, each) => (reserve.hasSpare() ? metadata.images.recordUse(what, each) : undefined),
      },
      lockImages,
      async compareMetadata() {
        database.verify()
        if (database.due().length === 0) return
        // Only while nobody adds an image, holders that are no image are nobody's.
        await using lock = await lockImages().catch(unlessHeld)
        await bringBack(rebuilt, { isAlone: lock !== undefined })
      },
      sweepLeftovers: (options) => sweepLeftovers({ directory, content, layers, lives, ...metadata }, options),
      measureLeftovers: (options) => measureLeftovers({ content, ...metadata }, options),
      checkParts: (options) => checkStoreParts(directory, database, options),
      assertRoom: (wanted, each = {}) => assertRoom(directory, content, wanted, each),
      claimSweep: (everyMs, nowMs) => claimSweep(directory, everyMs, nowMs),
      async spoolDirectory() {
        // On the disk of the store, which has the room for images; what is spooled has no name there.
        const spool = path.join(directory, 'ingest')
        await disk.mkdir(spool, { recursive: true, mode: 0o700 })
        return spool
      },
      async [Symbol.asyncDispose]() {
        await layers[Symbol.asyncDispose]()
        await content[Symbol.asyncDispose]()
        await lives[Symbol.asyncDispose]()
        database[Symbol.dispose]()
      },
    }
  } catch (error) {
    database[Symbol.dispose]()
    throw error
  }
}

/** Whether a store has any content. */
async function hasAny(content: FsStore): Promise<boolean> {
  for await (const _ of content.list()) return true
  return false
}

/** What users are told of a rebuild. */
function textOf({ path: file, aside, names, damagedLines }: RebuiltDatabase): string {
  const was = aside === undefined ? 'was lost' : `was damaged and is now "${aside}"`
  const from = damagedLines === 0 ? 'its journal' : 'its journal, which is damaged too'
  return `the database "${file}" ${was}; it was rebuilt from ${from}, with ${names} name${names === 1 ? '' : 's'}`
}

/** Does `work` once for all that ask for it while it runs. */
function shared(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  return () =>
    (running ??= work().finally(() => {
      running = undefined
    }))
}
