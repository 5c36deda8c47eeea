import { concat, fromBytes, skip, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { IngestClosedError, type Ingest } from '@drayage/content'
import { isDigestError, LongContentError, ShortContentError, tryParseDigest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { closeBody } from './body.ts'
import { isManifestContent } from './content-path.ts'
import { finishUpload } from './finish-upload.ts'
import { WHOLE_MAX_BYTES } from './limits.ts'
import { sendChunks } from './send-chunks.ts'
import { interrupted, sendStream } from './send-stream.ts'
import { sendWhole } from './send-whole.ts'
import { cancel, connect, type Upload } from './upload.ts'
import { formatSession } from './upload-session.ts'
import { verifyContent } from './verify-content.ts'

/** Content on its way to a registry. */
export interface UploadIngest extends Ingest {
  /**
   * Where the upload goes on, in the registry's own form: a path, or the URL of another host. It may hold a secret of the
   * registry's. `undefined` before the first request and after the last one.
   */
  readonly session: string | undefined
}

/** What an ingest is made of. */
export interface UploadIngestParts {
  readonly key: string
  readonly upload: Upload
  /** Of the whole content, when it is known. */
  readonly size: number | undefined
  readonly hasContent: (what: Descriptor, options: AbortOptions) => Promise<boolean>
  readonly putManifest: (what: Descriptor, bytes: Uint8Array, options: AbortOptions) => Promise<void>
  readonly release: () => void
}

/**
 * Opens the ingest of a key that the caller holds. Bytes are held in memory up to 4 MiB, so that small content goes in
 * one request and a manifest where manifests go; from then on they go to the registry as they come.
 */
export function openUploadIngest(parts: UploadIngestParts): UploadIngest {
  const { key, upload, size } = parts
  let held: Uint8Array[] | undefined = upload.offset === 0 ? [] : undefined
  let heldBytes = 0
  let isWhole = false
  let isOpen = true

  const offset = (): number => (held === undefined ? upload.offset : heldBytes)
  const assertOpen = (): void => {
    if (!isOpen) throw new IngestClosedError(key)
  }
  const close = (): void => {
    if (isOpen) parts.release()
    isOpen = false
  }
  const drop = async (options: AbortOptions): Promise<void> => {
    held = []
    heldBytes = 0
    isWhole = false
    await cancel(upload, options)
  }
  const isThere = async (sent: number, options: AbortOptions): Promise<boolean> => {
    const digest = tryParseDigest(key)
    return digest.ok && sent === (size ?? sent) && (await upload.context.has(digest.value, sent, options))
  }

  /** Sends what is held and then the rest of the source, from the first byte that the registry does not have. */
  const send = async (source: ByteStream, options: AbortOptions): Promise<void> => {
    const start = held === undefined ? upload.offset : 0
    try {
      await connect(upload, options)
      if (upload.offset < start) throw interrupted(upload, 'partial', start)
    } catch (error) {
      await closeBody(source)
      throw error
    }
    const first = held ?? []
    held = undefined
    heldBytes = 0
    const whole = first.length === 0 ? source : joined(first, source)
    const bytes = upload.offset === start ? whole : skip(whole, upload.offset - start)
    if (upload.context.mode.chunkBytes !== undefined) await sendChunks(upload, bytes, options)
    else isWhole = await sendStream(upload, bytes, { ...options, size, isThere: (sent) => isThere(sent, options) })
  }

  /** Holds the source until it ends or turns out to be large, and then sends all. */
  const hold = async (into: Uint8Array[], source: ByteStream, options: AbortOptions): Promise<void> => {
    if (size !== undefined && size > WHOLE_MAX_BYTES) return await send(source, options)
    const rest = resumable(source)
    for await (const chunk of rest.stream) {
      options.signal?.throwIfAborted()
      into.push(chunk.slice())
      heldBytes += chunk.byteLength
      if (heldBytes > WHOLE_MAX_BYTES) return await send(rest.leave(), options)
    }
  }

  const commitHeld = async (bytes: Uint8Array, what: Descriptor, options: AbortOptions): Promise<void> => {
    try {
      verifyContent(bytes, what)
    } catch (error) {
      if (!isDigestError(error) || error.code !== 'ERR_CONTENT_SHORT') await drop(options)
      throw error
    }
    if (isManifestContent(what)) await parts.putManifest(what, bytes, options)
    else await sendWhole(upload, what, bytes, options)
  }

  const commitSent = async (what: Descriptor, options: AbortOptions): Promise<void> => {
    if (isManifestContent(what)) {
      throw new RangeError(
        `Cannot commit manifest ${what.digest}: found ${offset()} bytes, expected at most ${WHOLE_MAX_BYTES}`,
      )
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
      return upload.session === undefined ? undefined : formatSession(upload.session)
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
        if (await parts.hasContent(what, options)) {
          if (isOpen && upload.session !== undefined) await cancel(upload, options)
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

/** A source whose reader may leave a `for await` and let another one go on. */
function resumable(source: ByteStream): { readonly stream: ByteStream; leave(): ByteStream } {
  const iterator = source[Symbol.asyncIterator]()
  let isLeft = false
  const next = (): Promise<IteratorResult<Uint8Array>> => iterator.next()
  const end = async (): Promise<IteratorResult<Uint8Array>> => {
    if (!isLeft) await iterator.return?.()
    return { done: true, value: undefined }
  }
  const rest: AsyncIterator<Uint8Array> = iterator
  return {
    stream: { [Symbol.asyncIterator]: () => ({ next, return: end }) },
    leave: () => {
      isLeft = true
      return { [Symbol.asyncIterator]: () => rest }
    },
  }
}
