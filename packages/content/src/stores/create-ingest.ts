import type { AbortOptions, ByteStream } from '@drayage/bytes'
import {
  type Digest,
  type DigestAlgorithm,
  digestAlgorithm,
  DigestMismatchError,
  LongContentError,
  ShortContentError,
} from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { IngestClosedError } from '../errors.ts'
import type { Ingest } from '../ports.ts'

/** The bytes of an ingest, wherever a store keeps them. */
export interface IngestBytes {
  /** How many there are. */
  readonly size: number
  /** Keeps the bytes of `source` after those that are there, also those that came before a failure. */
  append(source: ByteStream, options: AbortOptions): Promise<void>
  /** The digest of all of them; called once, when there are as many as the content has. */
  digest(algorithm: DigestAlgorithm, options: AbortOptions): Promise<Digest>
  /** Drops them. */
  drop(): Promise<void>
  /** Makes them content; they are verified. `isPresent` when the store has it already. */
  publish(what: Descriptor, isPresent: boolean): Promise<void>
  /** Removes what is left of them; may be called again. */
  end(): Promise<void>
  /** Keeps them for the next holder of the key. */
  putDown(): Promise<void>
}

/** What an ingest is made of. */
export interface IngestParts {
  readonly key: string
  readonly bytes: IngestBytes
  /** Whether the whole, verified content is in the store. */
  readonly has: (what: Descriptor) => boolean | Promise<boolean>
  /** Lets the next holder of the key in; called once. */
  readonly release: () => void
}

/**
 * Makes the ingest of a key that the caller holds. It is the protocol of {@link Ingest} over the bytes of a store: what is
 * checked, in what order, and what stays after a failure.
 */
export function createIngest({ key, bytes, has, release }: IngestParts): Ingest {
  let isOpen = true

  const assertOpen = (): void => {
    if (!isOpen) throw new IngestClosedError(key)
  }
  const close = async (work: () => Promise<void>): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    try {
      await work()
    } finally {
      release()
    }
  }
  const verify = async ({ digest, size }: Descriptor, options: AbortOptions): Promise<void> => {
    if (bytes.size < size) throw new ShortContentError(bytes.size, size)
    const actual = bytes.size > size ? undefined : await bytes.digest(digestAlgorithm(digest), options)
    if (actual === digest) return
    await bytes.drop()
    throw actual === undefined ? new LongContentError(size) : new DigestMismatchError(actual, digest)
  }

  return {
    get offset() {
      return bytes.size
    },
    async append(source, options = {}) {
      assertOpen()
      await bytes.append(source, options)
    },
    async commit(expected, options = {}) {
      options.signal?.throwIfAborted()
      const isPresent = await has(expected)
      if (!isPresent) assertOpen()
      if (!isPresent || (isOpen && bytes.size >= expected.size)) {
        await verify(expected, options)
        await bytes.publish(expected, isPresent)
      }
      await close(() => bytes.end())
      return isPresent ? 'already-present' : 'committed'
    },
    async reset(options = {}) {
      options.signal?.throwIfAborted()
      assertOpen()
      await bytes.drop()
    },
    [Symbol.asyncDispose]: () => close(() => (bytes.size === 0 ? bytes.end() : bytes.putDown())),
  }
}
