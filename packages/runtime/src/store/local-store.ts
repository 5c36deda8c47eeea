import path from 'node:path'

import { createFsStore, type FsStore } from '@drayage/content-fs'
import {
  createContentLeases,
  createHoldings,
  createImageStore,
  createUploadRecords,
  openDatabase,
  type ContentLeases,
  type Holdings,
  type ImageStore,
  type UploadRecords,
} from '@drayage/image-store'
import { createLayerStore, type LayerStore } from '@drayage/layer-store'

import { prepareStoreDirectory } from './prepare-store-directory.ts'

/** The store of this machine's images, shared by all processes that open its directory. */
export interface LocalStore extends AsyncDisposable {
  readonly directory: string
  readonly content: FsStore
  readonly layers: LayerStore
  readonly images: ImageStore
  readonly leases: ContentLeases
  /** What a registry over the store holds beside images with names. */
  readonly holdings: Holdings
  readonly uploads: UploadRecords
}

/**
 * Opens the store in `directory`, and creates it when it is missing. Any number of processes may do so at once.
 *
 * @throws StoreLayoutError `ERR_STORE_LAYOUT` when a newer version made it
 * @throws StoreUnsafeError `ERR_STORE_UNSAFE` when it belongs to another user, or a part of it is a link
 * @throws StoreUnwritableError `ERR_STORE_UNWRITABLE` when it cannot be created
 * @throws StoreVersionError `ERR_STORE_VERSION`, StoreCorruptError `ERR_STORE_CORRUPT`, StoreBusyError `ERR_STORE_BUSY`
 * of its database
 */
export async function openLocalStore(directory: string): Promise<LocalStore> {
  await prepareStoreDirectory(directory)
  const content = createFsStore({ directory })
  await content.prepare()
  const database = await openDatabase(path.join(directory, 'metadata.db'))
  try {
    const layers = createLayerStore({ database, directory: path.join(directory, 'layers'), content })
    const images = createImageStore({ database, content, journal: path.join(directory, 'names.journal') })
    return {
      directory,
      content,
      layers,
      images,
      leases: createContentLeases({ database }),
      holdings: createHoldings({ database }),
      uploads: createUploadRecords({ database }),
      async [Symbol.asyncDispose]() {
        await layers[Symbol.asyncDispose]()
        await content[Symbol.asyncDispose]()
        database[Symbol.dispose]()
      },
    }
  } catch (error) {
    database[Symbol.dispose]()
    throw error
  }
}
