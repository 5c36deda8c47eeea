import { writeBlob } from '@drayage/content'
import { contentCases, type HeldContent, type Sample } from '@drayage/content/conformance'
import { parseRepository } from '@drayage/reference'
import { createMemoryStorage, createRegistryHandler } from '@drayage/registry-server'

import { createRegistryClient } from '../client.ts'
import type { RepositoryClient } from '../repository-client.ts'

interface Opened extends AsyncDisposable {
  readonly store: RepositoryClient
  readonly source: RepositoryClient
}

/** A repository of a registry that holds these contents. */
async function open(contents: readonly Sample[] = []): Promise<Opened> {
  const http = createRegistryHandler({ storage: createMemoryStorage() })
  const store = createRegistryClient({ http }).repository(parseRepository('registry.test/team/app'))
  for (const { what, bytes } of contents) await writeBlob(store, what, bytes)
  return { store, source: store, async [Symbol.asyncDispose]() {} }
}

const filled = { create: ({ contents }: HeldContent) => open(contents) }
const noHandles = { 'open-handles': 'a handler in the same process opens no sockets' }

/** What of this package takes part in suites. */
export const conformance = {
  'registry client': contentCases({
    fetch: { ...filled, lacks: noHandles },
    has: filled,
    ingest: {
      create: () => open(),
      lacks: {
        ...noHandles,
        resume: 'it holds up to 4 MiB in memory, which end with the ingest; larger uploads have tests of their own',
        reopen: 'two clients share nothing but the registry',
        'looks-before': 'it does not ask the registry for content that it has all bytes of',
      },
    },
    follow: 'what it has sent is in the registry',
    resolve: {
      async create({ names }) {
        const opened = await open(names.map(({ manifest }) => manifest))
        for (const { name, manifest } of names) await opened.store.tag(manifest.what, name)
        return opened
      },
    },
    tag: { ...filled, lacks: { untag: 'it deletes tags by `deleteTag`, which not every registry allows' } },
    list: 'registries do not list their content',
    delete: 'blobs and manifests are deleted by calls of their own, which not every registry allows',
    referrers: {
      create: ({ subject, referrers, parts }) => open([subject, ...parts, ...referrers]),
    },
    keepReferrers: {
      create: ({ subject, referrers, parts }) => open([subject, ...parts, ...referrers]),
    },
  }),
}
