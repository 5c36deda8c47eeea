import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import { fetchRouted } from './fetch-routed.ts'
import type { RepositoryClient } from './repository-client.ts'
import { chooseRoutes, tryRoutes, type Route, type RouteContext, type RouteRequest } from './routes.ts'

/**
 * A repository that is read from the first of its endpoints that answers, and written and deleted from at the registry
 * itself, which is asked for lists too unless mirrors will do.
 *
 * @param findRoutes gives the routes of the repository, as they are now
 */
export function createRoutedRepository(
  findRoutes: (options: AbortOptions) => Promise<readonly Route[]>,
  context: RouteContext,
): RepositoryClient {
  const { name } = context
  const itself = async (options: AbortOptions = {}): Promise<RepositoryClient> => {
    const [first] = chooseRoutes(await findRoutes(options), { use: 'push' }, context)
    if (first === undefined) throw new TypeError('Cannot ask: found no route, expected one')
    return first.client
  }

  const read = async <T>(
    digest: Digest | undefined,
    { signal }: AbortOptions,
    ask: (client: RepositoryClient) => Promise<T>,
  ): Promise<T> => {
    const wanted: RouteRequest =
      digest === undefined ? { use: 'resolve', signal } : { use: 'pull', content: { digest, offset: 0 }, signal }
    return await tryRoutes(await findRoutes({ signal }), wanted, context, ask)
  }

  async function* fetch(what: Descriptor, options: Parameters<RepositoryClient['fetch']>[1] = {}): ByteStream {
    yield* fetchRouted(await findRoutes({ signal: options.signal }), what, options, context)
  }

  return {
    name,
    fetch,
    resolve: (reference, options = {}) =>
      read(reference.digest, options, (client) => client.resolve(referenceAt(reference, name, client.name), options)),
    manifest: (what, options = {}) =>
      read(what.digest, options, (client) =>
        client.manifest('mediaType' in what ? what : referenceAt(what, name, client.name), options),
      ),
    has: async (what, options) => await (await itself(options)).has(what, options),
    begin: async (key, options) => await (await itself(options)).begin(key, options),
    mount: async (what, from, options) => await (await itself(options)).mount(what, from, options),
    tag: async (what, reference, options) => await (await itself(options)).tag(what, reference, options),
    putTagged: async (what, bytes, reference, options) =>
      await (await itself(options)).putTagged(what, bytes, reference, options),
    keepReferrers: async (subject, referrers, options) =>
      await (await itself(options)).keepReferrers(subject, referrers, options),
    deleteManifest: async (digest, options) => await (await itself(options)).deleteManifest(digest, options),
    deleteTag: async (tag, options) => await (await itself(options)).deleteTag(tag, options),
    deleteBlob: async (digest, options) => await (await itself(options)).deleteBlob(digest, options),
    tags: async function* (options = {}) {
      if (options.mirrors !== true) return yield* (await itself(options)).tags(options)
      // Whoever gives the first page gives the others too: pages of two servers do not fit together.
      const { tags, first } = await read(undefined, options, (client) => beginList(client.tags(options)))
      try {
        for (let next = first; next.done !== true; next = await tags.next()) yield next.value
      } finally {
        await tags.return?.()
      }
    },
    referrers: async function* (digest, options) {
      yield* (await itself(options)).referrers(digest, options)
    },
  }
}

interface BegunList {
  readonly tags: AsyncIterator<string>
  readonly first: IteratorResult<string>
}

async function beginList(list: AsyncIterable<string>): Promise<BegunList> {
  const tags = list[Symbol.asyncIterator]()
  return { tags, first: await tags.next() }
}

/** The reference as a server knows it that keeps the repository under another name. */
function referenceAt(reference: Reference, name: Repository, there: Repository): Reference {
  const isOwn = reference.domain === name.domain && reference.path === name.path
  return isOwn ? { ...reference, ...there } : reference
}
