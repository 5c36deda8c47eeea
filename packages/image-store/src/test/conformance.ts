import { createMemoryStore } from '@drayage/content'
import { contentCases, type ConformanceCase, type Harness } from '@drayage/content/conformance'
import { tempDir } from '@drayage/testkit'

import { metadataCases, type MetadataGiven, type MetadataSubject } from '../conformance.ts'
import { createMemoryMetadata, createMetadata } from '../metadata.ts'
import { openDatabase } from '../sql/database.ts'

const inDatabase: Harness<MetadataGiven, MetadataSubject> = {
  async create({ now }) {
    const directory = await tempDir()
    const database = await openDatabase(`${directory.path}/metadata.db`)
    const content = createMemoryStore()
    const journal = `${directory.path}/names.journal`
    return {
      metadata: createMetadata({ database, content, journal, now }),
      content,
      async [Symbol.asyncDispose]() {
        database[Symbol.dispose]()
        await directory[Symbol.asyncDispose]()
      },
    }
  },
}

const inMemory: Harness<MetadataGiven, MetadataSubject> = {
  async create({ now }) {
    const content = createMemoryStore()
    return { metadata: createMemoryMetadata({ content, now }), content, async [Symbol.asyncDispose]() {} }
  },
}

/** Names are an ability of a place of content too. */
function casesOf(harness: Harness<MetadataGiven, MetadataSubject>): ConformanceCase[] {
  const open = async () => {
    const { metadata, [Symbol.asyncDispose]: close } = await harness.create({ now: Date.now })
    return { source: metadata.images, store: metadata.images, [Symbol.asyncDispose]: close }
  }
  const none = 'it keeps no content'
  return [
    ...contentCases({
      ...{ fetch: none, has: none, ingest: none, follow: none, list: none, delete: none },
      ...{ referrers: none, keepReferrers: none },
      resolve: {
        async create({ names }) {
          const opened = await open()
          for (const { name, manifest } of names) await opened.store.tag(manifest.what, name)
          return opened
        },
        lacks: { 'digest-names': 'it knows a digest only once it was given as a name' },
      },
      tag: { create: open },
    }),
    ...metadataCases(harness),
  ]
}

/** What of this package takes part in suites. */
export const conformance = {
  'SQLite metadata': casesOf(inDatabase),
  'memory metadata': casesOf(inMemory),
}
