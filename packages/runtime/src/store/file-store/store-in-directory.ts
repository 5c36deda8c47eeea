import { tmpdir } from 'node:os'
import path from 'node:path'

import { disk, lockFile, unlessMissing } from '@drayage/files'

import type { RoomAsserter, Scratch, StoreOpener } from '../store.ts'
import { prepareStoreDirectory, whyReadOnly } from './prepare-store-directory.ts'
import {
  type FileStoreOptions,
  scratchDirectory,
  scratchOwner,
  uploadsDirectory,
  versionFile,
} from './store-directory.ts'
import { createFileSessions } from './upload-sessions.ts'

/**
 * The store in a directory of this machine, shared by all processes that open it. Nothing is created before it is opened;
 * see the errors of {@link StoreOpener.open} in `openFileStore`.
 */
export function storeInDirectory(directory: string, options: FileStoreOptions = {}): StoreOpener {
  return {
    location: directory,
    uploadSessions: createFileSessions(uploadsDirectory(directory)),
    async open() {
      // Databases and threads are loaded when a store is opened.
      const { openFileStore } = await import('./open-file-store.ts')
      return await openFileStore(directory, options)
    },
    exists: async () => (await unlessMissing(disk.stat(versionFile(directory)))) !== undefined,
    openScratch: () => openScratch(directory),
  }
}

async function scratchIn(storeDirectory: string): Promise<string> {
  await prepareStoreDirectory(storeDirectory)
  const directory = scratchDirectory(storeDirectory)
  await disk.mkdir(directory, { recursive: true, mode: 0o700 })
  return directory
}

/** Opens a content store on the disk of the store, or among temporary files where that can only be read. */
async function openScratch(storeDirectory: string): Promise<Scratch & RoomAsserter> {
  const { createFsStore } = await import('@drayage/content-fs')
  const { assertRoom } = await import('./assert-room.ts')
  const isWritable = (await whyReadOnly(storeDirectory)) === undefined
  const parent = isWritable ? await scratchIn(storeDirectory) : tmpdir()
  const room = isWritable ? storeDirectory : parent
  const directory = await disk.mkdtemp(path.join(parent, 'convert-'))
  // Ends with this process, so that the next sweep knows what it left.
  const owner = await lockFile(scratchOwner(directory), { mode: 0o600 })
  const content = createFsStore({ directory })
  return {
    ...content,
    assertRoom: (wanted, each = {}) => assertRoom(room, content, wanted, each),
    async [Symbol.asyncDispose]() {
      await content[Symbol.asyncDispose]()
      await disk.rm(directory, { recursive: true, force: true })
      owner.release()
    },
  }
}
