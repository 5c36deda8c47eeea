import { join } from 'node:path'

import { createMemoryStore, type MemoryStore, writeBlob } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import { parseReference } from '@drayage/reference'
import { buildImage, tempDir, type TestImage } from '@drayage/testkit'

import { createMetadata, type RebuiltDatabase } from '../index.ts'
import type { Metadata } from '../ports.ts'
import { openStoreDatabase } from '../sql/open-store-database.ts'
import type { StoreDatabase } from '../sql/store-database.ts'
import type { PlatformImage } from '../stored-image.ts'

/** A directory with a database and its journal, and content for them. */
export interface StoreFixture extends AsyncDisposable {
  readonly directory: string
  readonly path: string
  readonly journal: string
  readonly content: MemoryStore
  /** An image whose blobs are stored. */
  image(seed: string): Promise<TestImage>
  /** Opens the database once more; it is closed in the end. It is told that there is no content unless `hasContent`. */
  open(hasContent?: boolean): Promise<OpenedStore>
}

/** An opening of the database. */
export interface OpenedStore extends Metadata {
  readonly database: StoreDatabase
  /** What was told of rebuilds. */
  readonly rebuilt: RebuiltDatabase[]
  put(image: TestImage, ...names: readonly string[]): Promise<void>
  names(): Promise<string[]>
}

/** Creates an empty one. */
export async function createStoreFixture(): Promise<StoreFixture> {
  const { path: directory, [Symbol.asyncDispose]: removeDirectory } = await tempDir()
  const content = createMemoryStore()
  const [path, journal] = [join(directory, 'metadata.db'), join(directory, 'names.journal')]
  const opened: StoreDatabase[] = []
  return {
    directory,
    path,
    journal,
    content,
    async image(seed) {
      const image = await buildImage({ layers: [[{ path: 'seed', content: seed }]] })
      for (const what of partsOf(image))
        await writeBlob(content, what, image.blobs.get(what.digest) ?? new Uint8Array())
      return image
    },
    async open(hasContent = false) {
      const rebuilt: RebuiltDatabase[] = []
      const database = await openStoreDatabase(path, {
        journal,
        content,
        hasContent: async () => hasContent,
        onRebuilt: (each) => rebuilt.push(each),
      })
      opened.push(database)
      const metadata = createMetadata({ database, content })
      return {
        ...metadata,
        database,
        rebuilt,
        put: (image, ...names) =>
          metadata.images.put(
            image.manifest,
            { platforms: [platformImage(image)] },
            { names: names.map((name) => ({ name: parseReference(name) })) },
          ),
        names: async () => (await metadata.images.listNames()).map(({ reference }) => reference),
      }
    },
    async [Symbol.asyncDispose]() {
      for (const database of opened) database[Symbol.dispose]()
      await removeDirectory()
    },
  }
}

function partsOf({ manifest, config, layers }: TestImage): Descriptor[] {
  return [manifest, config, ...layers.map(({ descriptor }) => descriptor)]
}

/** An image as a pull puts it. */
export function platformImage({ imageId: id, manifest, config, platform, layers }: TestImage): PlatformImage {
  return { id, manifest, config, platform, size: 1, layers: layers.map(({ descriptor }) => descriptor) }
}
