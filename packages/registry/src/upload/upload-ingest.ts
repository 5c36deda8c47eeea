import { abortable, concat, fromBytes, skip, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { IngestClosedError, verifyContent, type Ingest } from '@drayage/content'
import { isDigestError, LongContentError, ShortContentError, tryParseDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { isManifestContent } from '../endpoints/repository-path.ts'
import { closeBody } from '../http/body.ts'
import { WHOLE_MAX_BYTES } from '../limits.ts'
import { isBlobThere, hasContent } from '../read/has-content.ts'
import { finishUpload } from './finish-upload.ts'
import { sendChunks } from './send-chunks.ts'
import { sendStream } from './send-stream.ts'
import { sendWhole } from './send-whole.ts'
import type { Upload } from './upload.ts'

/** Content on its way to a registry. */
export interface UploadIngest extends Ingest {
  /**
   * Where the upload continues, in the registry's own form: a path, or the URL of another host. It may hold a secret of the
   * registry's. `undefined` before the first request and after the last one.
   */
  readonly session: string | undefined
}

/** Takes a manifest in by its digest; its bytes are verified. */
export type PutManifestBytes = (what: Descriptor, bytes: Uint8Array, options: AbortOptions) => Promise<void>

/** What an ingest is made of. */
export interface UploadIngestParts {
  readonly key: string
  readonly upload: Upload
  /** Of the whole content, when it is known. */
  readonly size: number | undefined
  readonly putManifest: PutManifestBytes
  readonly release: () => void
}

/**
 * Opens the ingest of a key that the caller holds. Bytes are held in memory up to 4 MiB, so that small content goes in
 * one request and a manifest where manifests go; from then on they go to the registry as they come.
 */
export function openUploadIngest({ key, upload, size, putManifest, release }: UploadIngestParts): UploadIngest {
  const { remote, mode } = upload.context
  let held: Uint8Array[] | undefined = upload.offset === 0 ? [] : undefined
  let heldBytes = 0
  let isWhole = false
  let isOpen = true

  const offset = (): number => (held === undefined ? upload.offset : heldBytes)
  const assertOpen = (): void => {
    if (!isOpen) throw new IngestClosedError(key)
  }
  const close = (): void => {
    if (isOpen) release()
    isOpen = false
  }
  const drop = async (options: AbortOptions): Promise<void> => {
    held = []
    heldBytes = 0
    isWhole = false
    await upload.cancel(options)
  }

  /** Sends what is held and then the rest of the source, from the first byte that the registry does not have. */
  const send = async (source: ByteStream, options: AbortOptions): Promise<void> => {
    const start = held === undefined ? upload.offset : 0
    try {
      await upload.connect(options)
      if (upload.offset < start) throw upload.interruption('partial', start)
    } catch (error) {
      await closeBody(source)
      throw error
    }
    const first = held ?? []
    held = undefined
    heldBytes = 0
    const whole = first.length === 0 ? source : joined(first, source)
    const bytes = upload.offset === start ? whole : skip(whole, upload.offset - start)
    if (mode.isChunked) return await sendChunks(upload, bytes, options)
    const isThere = async (sent: number): Promise<boolean> => {
      const digest = tryParseDigest(key)
      const isAll = sent === (size ?? sent)
      return digest.ok && isAll && (await isBlobThere(remote, { digest: digest.value, size: sent }, options))
    }
    isWhole = await sendStream(upload, bytes, { ...options, size, isThere })
  }

  /** Holds the source until it ends or turns out to be large, and then sends all. */
  const hold = async (into: Uint8Array[], source: ByteStream, options: AbortOptions): Promise<void> => {
    if (size !== undefined && size > WHOLE_MAX_BYTES) return await send(source, options)
    // A silent source must not delay an abort.
    const iterator = abortable(source, options)[Symbol.asyncIterator]()
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      into.push(next.value.slice())
      heldBytes += next.value.byteLength
      if (heldBytes > WHOLE_MAX_BYTES) return await send({ [Symbol.asyncIterator]: () => iterator }, options)
    }
  }

  const commitHeld = async (bytes: Uint8Array, what: Descriptor, options: AbortOptions): Promise<void> => {
    try {
      verifyContent(bytes, what)
    } catch (error) {
      if (!isDigestError(error) || error.code !== 'ERR_CONTENT_SHORT') await drop(options)
      throw error
    }
    await (isManifestContent(what) ? putManifest(what, bytes, options) : sendWhole(upload, what, bytes, options))
  }

  const commitSent = async (what: Descriptor, options: AbortOptions): Promise<void> => {
    if (isManifestContent(what)) {
      const size = `it has ${offset()} bytes, expected at most ${WHOLE_MAX_BYTES}`
      throw new RangeError(`Cannot commit manifest ${what.digest}: ${size}`)
    }
    if (isWhole) return
    if (upload.offset < what.size) throw new ShortContentError(upload.offset, what.size)
    if (upload.offset > what.size) {
      await drop(options)
      throw new LongContentError(what.size)
    }
    try {
      await finishUpload(upload, what, options)
    } finally {
      if (upload.offset === 0) held = []
    }
  }

  return {
    get offset() {
      return offset()
    },
    get session() {
      return upload.session
    },
    async append(source, options = {}) {
      options.signal?.throwIfAborted()
      assertOpen()
      try {
        await (held === undefined ? send(source, options) : hold(held, source, options))
      } finally {
        // An upload that starts again may turn out small.
        if (held === undefined && upload.offset === 0) held = []
      }
    },
    async commit(what, options = {}) {
      options.signal?.throwIfAborted()
      if (!isOpen || offset() < what.size) {
        if (await hasContent(remote, what, options)) {
          if (isOpen && upload.session !== undefined) await upload.cancel(options)
          close()
          return 'already-present'
        }
        assertOpen()
      }
      await (held === undefined ? commitSent(what, options) : commitHeld(concat(held), what, options))
      held = []
      close()
      return 'committed'
    },
    async reset(options = {}) {
      options.signal?.throwIfAborted()
      assertOpen()
      await drop(options)
    },
    async [Symbol.asyncDispose]() {
      held = []
      heldBytes = 0
      close()
    },
  }
}

async function* joined(first: readonly Uint8Array[], rest: ByteStream): ByteStream {
  let isRead = false
  try {
    yield* fromBytes(...first)
    isRead = true
    yield* rest
  } finally {
    if (!isRead) await closeBody(rest)
  }
}
