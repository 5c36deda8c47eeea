import { quote, type ByteStream } from '@drayage/bytes'
import { ContentNotFoundError, type Fetcher, type RangeOptions } from '@drayage/content'
import { isForeignLayer, isForeignLayerType, type Descriptor } from '@drayage/manifest'

import { isUnknownContent } from '../retry/attempt.ts'

/**
 * What is done with layers that are kept elsewhere, at URLs that their descriptors name:
 *
 * - `skip`: left out where the place takes the image without them, such as a registry or a layout; brought from a source
 *   that has them where it does not;
 * - `copy`: brought from a source that has them, and left out like that where it has not;
 * - a fetcher: brought, and asked of it where the source has them not.
 */
export type ForeignLayers = 'skip' | 'copy' | Fetcher

/** The source, which gives foreign layers that it lacks from where `foreign` says. */
export function withForeignLayers(source: Fetcher, foreign: ForeignLayers): Fetcher {
  async function* layer(what: Descriptor, options: RangeOptions): ByteStream {
    try {
      return yield* source.fetch(what, options)
    } catch (error) {
      if (!isUnknownContent(error)) throw error
      if (typeof foreign === 'string') throw foreignError(what, error)
    }
    yield* foreign.fetch(what, options)
  }
  return {
    // What is bulk passes no generator of ours.
    fetch: (what, options = {}) => (isForeignLayer(what) ? layer(what, options) : source.fetch(what, options)),
  }
}

/** Whether a place that can be without foreign layers is not given this one. */
export function isSkipped(what: Descriptor, foreign: ForeignLayers): boolean {
  return foreign === 'skip' && isForeignLayer(what)
}

/** Whether a failure to bring a layer means that it stays where it is. */
export function staysElsewhere(what: Descriptor, foreign: ForeignLayers, error: unknown): boolean {
  const isForeign = isForeignLayer(what) || isForeignLayerType(what.mediaType)
  return isForeign && typeof foreign === 'string' && isUnknownContent(error)
}

function foreignError({ digest, urls = [] }: Descriptor, cause: unknown): ContentNotFoundError {
  const more = urls.length > 1 ? ` and ${urls.length - 1} more` : ''
  return new ContentNotFoundError(digest, {
    cause,
    hint: `It is a foreign layer, kept at ${quote(urls[0] ?? '')}${more}: ask for foreign layers to be fetched.`,
  })
}
