import type { ByteStream } from '@drayage/bytes'
import type { RangeOptions } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'
import type { Reference } from '@drayage/reference'

import type { OnEvent } from '../events.ts'
import { canFetchNamed, type GraphSource } from '../ports.ts'
import { isUnknownContent } from '../retry/attempt.ts'

/**
 * The source, which is asked for `what` by the tag that stood for it when it does not give it by its digest, as some
 * registries do not. The bytes by tag have to match the digest, and a warning tells of it, in Docker Engine's words.
 */
export function orByName(source: GraphSource, name: Reference, what: Descriptor, onEvent: OnEvent): GraphSource {
  if (name.digest !== undefined || !canFetchNamed(source)) return source
  async function* byName(options: RangeOptions): ByteStream {
    try {
      return yield* source.fetch(what, options)
    } catch (error) {
      if (!isUnknownContent(error) || !canFetchNamed(source)) throw error
    }
    const { offset = 0, signal } = options
    const { bytes, origin } = await source.fetchNamed(what, name, { signal })
    onEvent({ type: 'warning', message: fallbackWarning(origin) })
    yield bytes.subarray(offset)
  }
  return {
    ...source,
    resolve: (reference, options) => source.resolve(reference, options),
    fetch: (wanted, options = {}) => (wanted.digest === what.digest ? byName(options) : source.fetch(wanted, options)),
  }
}

/** What Docker Engine 20.10 to 28 writes, without its line breaks. */
function fallbackWarning(origin: string): string {
  return (
    '\u26A0\uFE0F Failed to pull manifest by the resolved digest. This registry does not appear to conform to the ' +
    'distribution registry specification; falling back to pull by tag. This fallback is DEPRECATED, and will be removed ' +
    `in a future release. Please contact admins of ${origin}. \u26A0\uFE0F`
  )
}
