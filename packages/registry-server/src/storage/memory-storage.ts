import { createMemoryStore, type ContentStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { Links, NamePage, RegistryStorage, UploadSession } from './storage.ts'

interface MemoryRepository {
  readonly blobs: Map<Digest, Descriptor>
  readonly manifests: Map<Digest, Descriptor>
  readonly tags: Map<string, Digest>
  readonly referrers: Map<Digest, Map<Digest, Descriptor>>
}

/** Options of {@link createMemoryStorage}. */
export interface MemoryStorageOptions {
  /** The store of the bytes; a new memory store by default. */
  readonly content?: ContentStore
}

/** Creates a storage that keeps its records in memory, for tests and short-lived registries. */
export function createMemoryStorage(options: MemoryStorageOptions = {}): RegistryStorage {
  const repositories = new Map<string, MemoryRepository>()
  const sessions = new Map<string, UploadSession>()

  const repositoryFor = (name: string): MemoryRepository => {
    let repository = repositories.get(name)
    if (repository === undefined) {
      repository = { blobs: new Map(), manifests: new Map(), tags: new Map(), referrers: new Map() }
      repositories.set(name, repository)
    }
    return repository
  }

  const links = (kind: 'blobs' | 'manifests'): Links => ({
    async link(repository, what) {
      repositoryFor(repository)[kind].set(what.digest, what)
    },
    async find(repository, digest) {
      return repositories.get(repository)?.[kind].get(digest)
    },
    async unlink(repository, digest) {
      return repositories.get(repository)?.[kind].delete(digest) ?? false
    },
  })

  return {
    content: options.content ?? createMemoryStore(),
    blobs: links('blobs'),
    manifests: links('manifests'),
    tags: {
      async set(repository, tag, digest) {
        repositoryFor(repository).tags.set(tag, digest)
      },
      async get(repository, tag) {
        return repositories.get(repository)?.tags.get(tag)
      },
      async remove(repository, tag) {
        return repositories.get(repository)?.tags.delete(tag) ?? false
      },
    },
    referrers: {
      async add(repository, subject, referrer) {
        const { referrers } = repositoryFor(repository)
        const known = referrers.get(subject) ?? new Map<Digest, Descriptor>()
        referrers.set(subject, known.set(referrer.digest, referrer))
      },
      async *list(repository, subject, { after = '' }: { readonly after?: string | undefined } = {}) {
        const known = repositories.get(repository)?.referrers.get(subject)
        if (known === undefined) return
        for (const [digest, referrer] of [...known].sort(([a], [b]) => (a < b ? -1 : 1))) {
          if (digest > after) yield referrer
        }
      },
      async remove(repository, subject, referrer) {
        repositories.get(repository)?.referrers.get(subject)?.delete(referrer)
      },
    },
    names: {
      async repositories(page) {
        return pageOf(repositories.keys(), page)
      },
      async tags(repository, page) {
        const tags = repositories.get(repository)?.tags
        return tags === undefined ? undefined : pageOf(tags.keys(), page)
      },
    },
    uploads: {
      async open(session) {
        sessions.set(session.id, session)
      },
      async find(id) {
        return sessions.get(id)
      },
      async close(id) {
        sessions.delete(id)
      },
      async *uploads() {
        yield* Array.from(sessions.values())
      },
    },
  }
}

function pageOf(names: Iterable<string>, { after = '', limit }: NamePage): string[] {
  return [...names]
    .filter((name) => name > after)
    .sort()
    .slice(0, limit)
}
