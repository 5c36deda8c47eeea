import { collect, fromBytes, type ByteStream } from '@drayage/bytes'
import type { RangeOptions } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import { RegistryMirrorError } from './errors.ts'
import { WHOLE_MAX_BYTES } from './limits.ts'
import { chooseRoutes, mayFall, passOver, tellServed, type Route, type RouteContext } from './routes.ts'

/**
 * The bytes of content from the first route that has it. What is small is verified before any of it is given. Of what is
 * large a mirror may give wrong bytes, or break off: then the error says that the same request can go on at once, and for a
 * minute it does so elsewhere.
 *
 * @throws RegistryMirrorError `ERR_REGISTRY_MIRROR`
 */
export async function* fetchRouted(
  routes: readonly Route[],
  what: Descriptor,
  options: RangeOptions,
  context: RouteContext,
): ByteStream {
  const { offset = 0, signal } = options
  const chosen = chooseRoutes(routes, { use: 'pull', content: { digest: what.digest, offset }, signal }, context)
  for (const [index, route] of chosen.entries()) {
    const isLast = index === chosen.length - 1
    const source = isLast ? route.client.fetch(what, options) : openAt(route, what, options)
    let hasBegun = false
    try {
      for await (const chunk of source) {
        if (!hasBegun && routes.length > 1) tellServed(route, context)
        hasBegun = true
        yield chunk
      }
      if (offset > 0 && !isLast) context.health.doubt(route.key, what.digest, 'unverified')
      return
    } catch (error) {
      signal?.throwIfAborted()
      if (isLast || !mayFall(error)) throw error
      passOver(route, error, context)
      if (!hasBegun) continue
      context.health.doubt(route.key, what.digest, 'broken')
      throw new RegistryMirrorError(route.host, what.digest, { cause: error })
    }
  }
}

/** Bytes from the start are verified also where the caller does that, so that a mirror's mistake is known as such. */
function openAt({ client }: Route, what: Descriptor, options: RangeOptions): ByteStream {
  const { offset = 0, signal } = options
  const source = client.fetch(what, { ...options, verify: true })
  return offset === 0 && what.size <= WHOLE_MAX_BYTES ? wholeOf(source, { signal }) : source
}

async function* wholeOf(source: ByteStream, options: Pick<RangeOptions, 'signal'>): ByteStream {
  yield* fromBytes(await collect(source, { maxBytes: WHOLE_MAX_BYTES, signal: options.signal }))
}
