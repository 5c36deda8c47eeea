import { writeBlob } from '@drayage/content'
import { contentCases, type HeldContent, type IngestSubject } from '@drayage/content/conformance'
import { harmFile, openFilesIn, tempDir } from '@drayage/testkit'

import { createFsStore, type FsStore } from '../fs-store.ts'

interface Opened extends Required<IngestSubject>, AsyncDisposable {
  readonly store: FsStore
  readonly source: FsStore
}

async function open({ contents }: HeldContent): Promise<Opened> {
  const directory = await tempDir()
  const store = createFsStore({ directory: directory.path })
  for (const { what, bytes } of contents) await writeBlob(store, what, bytes)
  return {
    store,
    source: store,
    reopen: async () => createFsStore({ directory: directory.path }),
    openHandles: () => openFilesIn(directory.path),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

const filled = { create: open }
const empty = { create: () => open({ contents: [] }) }

/** What of this package takes part in suites. */
export const conformance = {
  'file store': contentCases({
    fetch: filled,
    has: filled,
    ingest: empty,
    follow: empty,
    resolve: 'it keeps no names',
    tag: 'it keeps no names',
    list: filled,
    delete: filled,
    verify: {
      async create(given) {
        const opened = await open(given)
        return { ...opened, damage: (digest) => harmFile(opened.store.blobPath(digest), 'flipped') }
      },
    },
    referrers: 'it reads no manifests',
    keepReferrers: 'it reads no manifests',
  }),
}
