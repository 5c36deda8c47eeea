import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { createMemoryStore, type MemoryStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { familiarReference } from '@drayage/reference'
import { tempDir } from '@drayage/testkit'

import { rebuildImageStore, type RebuildResult } from '../journal/rebuild.ts'
import { createMetadata } from '../metadata.ts'
import type { Metadata, NameRecord, StoredImage } from '../index.ts'
import { openDatabase, type Database } from '../sql/database.ts'
import { takeOverFirstModel } from '../sql/take-over.ts'
import { writeFirstHistory, type FirstHistory } from './first-history.ts'
import { openFirstStore } from './first-store.ts'

/** A store of the first model in a directory, and what can be made of it. */
export interface FirstFixture extends FirstHistory, AsyncDisposable {
  readonly directory: string
  readonly journal: string
  readonly content: MemoryStore
  /** A database that is closed in the end. */
  open(path: string): Promise<Database>
  /** A directory with a copy of the store as it is. */
  copyTo(name: string): Promise<string>
  /** The store in a directory, as it is after a take-over. */
  takenOver(where?: string): Promise<Metadata>
  /** What is made of a journal alone. */
  rebuilt(journal: string): Promise<{ readonly metadata: Metadata; readonly result: RebuildResult }>
  /** What metadata holds, in the words of the history. */
  heldBy(metadata: Metadata): Promise<string[]>
}

/** The journal of the store in a directory. */
export function journalIn(where: string): string {
  return join(where, 'names.journal')
}

/** All that metadata holds of images and names. */
export async function stateOf({ images }: Metadata): Promise<{ all: StoredImage[]; names: NameRecord[] }> {
  const all = (await images.list()).sort((a, b) => (a.target.digest < b.target.digest ? -1 : 1))
  return { all, names: await images.listNames() }
}

/** Writes one with images of every kind. */
export async function createFirstFixture(): Promise<FirstFixture> {
  const { path: directory, [Symbol.asyncDispose]: removeDirectory } = await tempDir()
  const content = createMemoryStore()
  using store = await openFirstStore(directory)
  const history = await writeFirstHistory(store, content)
  const opened: Database[] = []
  const open = async (path: string): Promise<Database> => {
    const database = await openDatabase(path)
    opened.push(database)
    return database
  }
  return {
    ...history,
    directory,
    journal: journalIn(directory),
    content,
    open,
    async copyTo(name) {
      const where = join(directory, name)
      await mkdir(where)
      for (const file of ['metadata.db', 'names.journal']) await cp(join(directory, file), join(where, file))
      return where
    },
    async takenOver(where = directory) {
      const options = { database: await open(join(where, 'metadata.db')), content, journal: journalIn(where) }
      await takeOverFirstModel(options)
      return createMetadata(options)
    },
    async rebuilt(journal) {
      const database = await open(':memory:')
      const result = await rebuildImageStore({ database, content, journal })
      return { metadata: createMetadata({ database, content }), result }
    },
    heldBy: async ({ images }) => (await images.list()).map((each) => describe(each, history.labels)).sort(),
    async [Symbol.asyncDispose]() {
      for (const database of opened) database[Symbol.dispose]()
      await removeDirectory()
    },
  }
}

function describe({ target, names, platforms, others }: StoredImage, labels: FirstHistory['labels']): string {
  const label = (digest: Digest): string => labels.get(digest) ?? digest
  const named = names.map(({ name, isPinned }) => {
    const text = familiarReference(name)
    return name.digest === undefined ? text : `${text.replace(name.digest, label(name.digest))}${isPinned ? '!' : ''}`
  })
  const images = platforms.map(({ manifest }) => label(manifest.digest))
  const beside = others.map(({ manifest }) => label(manifest.digest))
  return [`${label(target.digest)}:`, ...named, '=', ...images, ...(beside.length > 0 ? ['+', ...beside] : [])].join(
    ' ',
  )
}
