import type { ByteStream } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { LongContentError, ShortContentError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/** The rest of some content on its way, which remembers how it failed. */
export interface WatchedSource {
  readonly bytes: ByteStream
  /** What the source failed with, so that it can be told from a failure of whoever reads it. */
  readonly failure: { readonly error: unknown } | undefined
}

/** Options of {@link watchSource}. */
export interface WatchSourceOptions {
  readonly offset: number
  /** Told after each chunk was taken how many bytes of the whole are there. */
  readonly onProgress: (current: number) => void
  readonly signal: AbortSignal | undefined
}

/** The bytes of `what` from `offset` to its end; a source that gives more or fewer fails, and the surplus is not passed on. */
export function watchSource(source: Fetcher, what: Descriptor, options: WatchSourceOptions): WatchedSource {
  const { offset, onProgress, signal } = options
  let failure: { readonly error: unknown } | undefined
  async function* read(): ByteStream {
    let current = offset
    try {
      for await (const chunk of source.fetch(what, { offset, verify: false, signal })) {
        current += chunk.byteLength
        if (current > what.size) throw new LongContentError(what.size)
        yield chunk
        onProgress(current)
      }
      if (current < what.size) throw new ShortContentError(current, what.size)
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  return {
    bytes: read(),
    get failure() {
      return failure
    },
  }
}
