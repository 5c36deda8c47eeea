import type { AbortOptions } from '@drayage/bytes'
import { canVerify, NameNotFoundError, type ContentStore } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { StoredImage } from '@drayage/image-store'
import {
  familiarRepository,
  parseRepository,
  tryParseRepository,
  withDigest,
  withTag,
  type Reference,
  type Repository,
} from '@drayage/reference'
import { RequestRefusedError, type Links, type RegistryStorage } from '@drayage/registry-server'

import type { StoreAccess, TransferSettings } from '../runtime.ts'
import { noteUse } from './note-use.ts'
import { createPushedLeases, type PushedLeases } from './pushed-leases.ts'
import type { Store } from './store.ts'
import { partsOf, tagPushed } from './tag-pushed.ts'

/** Options of {@link openRegistryStorage}. */
export interface RegistryStorageOptions {
  /** For how long the process runs, in milliseconds; by default by the system's clock that does not jump. */
  readonly uptimeMs?: () => number
}

/**
 * The local store as what a registry keeps, for `createRegistryHandler` of `@drayage/registry-server`: its images can be
 * pulled, and what is pushed becomes an image of the store when it is tagged. A path stands for the name that it would have
 * on a command line: `team/app` for `docker.io/team/app`, `ghcr.io/org/app` for itself. An image is verified before it
 * has a name, and untagged content goes after a day.
 */
export async function openRegistryStorage(
  runtime: StoreAccess & TransferSettings,
  options: RegistryStorageOptions = {},
): Promise<RegistryStorage> {
  const store = await runtime.openStore()
  const { holdings, uploads, images } = store
  const pushed = createPushedLeases(store.leases, options)
  const content = leasedContent(store, pushed)
  return {
    content,
    blobs: linksOf(store, 'blob', pushed),
    manifests: linksOf(store, 'manifest', pushed),
    tags: {
      async set(repository, tag, digest, options) {
        await tagPushed(runtime, store, { repository: nameOf(repository), tag, digest }, options)
        const stored = await store.images.get({ digest }, options)
        if (stored !== undefined) await pushed.settle(contentOf(stored))
      },
      get: (repository, tag, options) => digestOfTag(store, withTag(nameOf(repository), tag), options),
      remove: (repository, tag, options) => images.untag(withTag(nameOf(repository), tag), options),
    },
    referrers: {
      add: async (repository, subject, referrer, options) =>
        holdings.refer(nameOf(repository), subject, referrer, options),
      async *list(repository, subject, { after } = {}) {
        const name = nameOf(repository)
        for (let last = after; ;) {
          const page = await holdings.referrers(name, subject, { limit: PAGE, after: last })
          yield* page
          last = page.at(-1)?.digest
          if (page.length < PAGE) return
        }
      },
      remove: async (repository, subject, referrer, options) =>
        holdings.unrefer(nameOf(repository), subject, referrer, options),
    },
    names: {
      async repositories({ limit, after = '' }) {
        return (await allRepositories(store)).filter((name) => name > after).slice(0, limit)
      },
      tags: async (repository, page) => holdings.tags(nameOf(repository), page),
    },
    uploads: {
      async open(session) {
        nameOf(session.repository)
        await uploads.open(session)
      },
      find: (id, options) => uploads.find(id, options),
      close: (id, options) => uploads.close(id, options),
      async *uploads(options) {
        yield* await uploads.list(options)
      },
    },
  }
}

const PAGE = 1000

/** The digests of all that is stored of a target. */
function contentOf({ target, platforms, others }: StoredImage): Digest[] {
  const images = platforms.flatMap(({ manifest, config, layers }) => [manifest, config, ...layers])
  const rest = others.flatMap(({ manifest, parts }) => [manifest, ...parts])
  return [target, ...images, ...rest].map(({ digest }) => digest)
}

/** @throws RequestRefusedError `ERR_REQUEST_REFUSED` for a path that stands for no name, such as one that looks like an ID */
function nameOf(path: string): Repository {
  const parsed = tryParseRepository(path)
  if (parsed.ok) return parsed.value
  const refusal = { status: 400, specCode: 'NAME_INVALID', message: 'invalid repository name' } as const
  throw new RequestRefusedError(refusal, { cause: parsed.error })
}

/** What a tag stands for. */
async function digestOfTag(
  { images }: Pick<Store, 'images'>,
  name: Reference,
  options?: AbortOptions,
): Promise<Digest | undefined> {
  try {
    const target = await images.resolve(name, options)
    await noteUse({ images }, target, options)
    return target.digest
  } catch (error) {
    if (error instanceof NameNotFoundError) return undefined
    throw error
  }
}

/** The paths of the repositories that a client can name, sorted. */
async function allRepositories({ holdings }: Pick<Store, 'holdings'>): Promise<string[]> {
  const found: string[] = []
  for (let after = ''; ;) {
    const page = await holdings.repositories({ limit: PAGE, after })
    found.push(...page.map((name) => familiarRepository(parseRepository(name))))
    after = page.at(-1) ?? ''
    if (page.length < PAGE) break
  }
  // A host with a port cannot be part of a path.
  return found.filter((name) => !name.includes(':')).sort()
}

/** The content of the store, where what is committed stays until the registry has linked it. */
function leasedContent({ content }: Pick<Store, 'content'>, pushed: PushedLeases): ContentStore {
  return {
    fetch: content.fetch,
    // What went bad is not there: a push brings it again.
    has: canVerify(content) ? async (what, options) => (await content.verify(what, options)) === 'intact' : content.has,
    list: content.list,
    delete: content.delete,
    async begin(key, options) {
      const ingest = await content.begin(key, options)
      return {
        get offset() {
          return ingest.offset
        },
        append: (source, each) => ingest.append(source, each),
        reset: (each) => ingest.reset(each),
        async commit(expected, each) {
          await pushed.keep([expected.digest], each)
          return await ingest.commit(expected, each)
        },
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
      }
    },
  }
}

function linksOf({ holdings, images, content }: Store, kind: 'blob' | 'manifest', pushed: PushedLeases): Links {
  return {
    async link(repository, what, options = {}) {
      const name = nameOf(repository)
      // Before it is read: what is here now stays.
      await pushed.keep([what.digest], options)
      const parts: readonly Digest[] = kind === 'manifest' ? await partsOf(content, what, options) : []
      await pushed.keep(parts, options)
      await holdings.hold(kind, name, what, { ...options, parts })
    },
    find: async (repository, digest, options) => holdings.find(kind, nameOf(repository), digest, options),
    async unlink(repository, digest, options = {}) {
      const name = nameOf(repository)
      if (await holdings.isNeeded(kind, name, digest, options)) {
        const message = 'an image with a name in the repository needs it'
        throw new RequestRefusedError({ status: 405, specCode: 'UNSUPPORTED', message, detail: { digest } })
      }
      const isHeld = await holdings.drop(kind, name, digest, options)
      // A pushed image has a name by its digest too, beside its tags.
      const isNamed = kind === 'manifest' && (await images.untag(withDigest(name, digest), options))
      return isHeld || isNamed
    },
  }
}
