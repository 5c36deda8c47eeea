import { abortable, type AbortOptions, type ByteStream, collect } from '@drayage/bytes'
import { ContentNotFoundError, type RangeOptions, sizedFrom, verifyContent } from '@drayage/content'
import { verify } from '@drayage/digest'
import { fileBytes, openRegularFile } from '@drayage/files'
import { type Descriptor, manifestKind, MAX_MANIFEST_BYTES } from '@drayage/manifest'

/** A file that holds content. */
export interface ContentFile {
  /** In bytes. */
  readonly size: number
  /** Its bytes from `offset` on. */
  open(options: AbortOptions & { readonly offset: number }): ByteStream
  /** Lets go of it. */
  close(): Promise<void>
}

/** Opens the file at `path`; `undefined` for a missing file, a link or anything else in its place. */
export async function openContentFile(path: string): Promise<ContentFile | undefined> {
  const file = await openRegularFile(path)
  if (file === undefined) return undefined
  const { handle, size } = file
  return {
    size,
    open: ({ offset, signal }) => abortable(fileBytes(handle, { start: offset }), { signal }),
    close: () => handle.close(),
  }
}

/**
 * The bytes of `what` from the file that `find` gives, as `Fetcher.fetch` promises them.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 */
export async function* fetchFile(
  find: (what: Descriptor) => Promise<ContentFile | undefined>,
  what: Descriptor,
  options: RangeOptions = {},
): ByteStream {
  const { offset = 0, signal } = options
  signal?.throwIfAborted()
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > what.size) {
    throw new RangeError(
      `Cannot fetch "${what.digest}": the offset is ${offset}, expected an integer from 0 to ${what.size}`,
    )
  }
  const file = await find(what)
  if (file === undefined) throw new ContentNotFoundError(what.digest)
  try {
    if (manifestKind(what.mediaType) === 'schema1') {
      // Its signatures are in the file too.
      const bytes = await collect(file.open({ offset: 0, signal }), { maxBytes: MAX_MANIFEST_BYTES, signal })
      verifyContent(bytes, what)
      return yield bytes.subarray(offset)
    }
    const source = file.open({ offset, signal })
    yield* offset === 0 && options.verify !== false ? verify(source, what) : sizedFrom(source, what.size, offset)
  } finally {
    await file.close()
  }
}

/**
 * The size of the file that `find` gives.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 */
export async function sizeOfFile(
  find: (what: Descriptor) => Promise<ContentFile | undefined>,
  blob: Pick<Descriptor, 'mediaType' | 'digest'>,
  { signal }: AbortOptions = {},
): Promise<number> {
  signal?.throwIfAborted()
  const file = await find({ ...blob, size: 0 })
  if (file === undefined) throw new ContentNotFoundError(blob.digest)
  await file.close()
  return file.size
}

/** Whether the file that `find` gives is as long as `what`. */
export async function hasFile(
  find: (what: Descriptor) => Promise<ContentFile | undefined>,
  what: Descriptor,
  { signal }: AbortOptions = {},
): Promise<boolean> {
  signal?.throwIfAborted()
  const file = await find(what)
  await file?.close()
  return file?.size === what.size
}
