import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

import { abortable, type AbortOptions, type ByteStream } from '@drayage/bytes'
import { ContentNotFoundError, type RangeOptions, sizedFrom } from '@drayage/content'
import { verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { readFileBytes } from './read-file-bytes.ts'

/** A file that holds content. */
export interface ContentFile {
  /** In bytes. */
  readonly size: number
  /** Its bytes from `offset` on. */
  open(options: AbortOptions & { readonly offset: number }): ByteStream
  /** Lets go of it. */
  close(): Promise<void>
}

/** Codes of a path that leads to no file: nothing there, a link, something else in its place. */
const NO_FILE: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR']

/** Opens the file at `path`; nothing when there is none, also when a link or anything else is in its place. */
export async function openContentFile(path: string): Promise<ContentFile | undefined> {
  // A link could lead out of the directory, and the opening of a pipe would wait for its other end.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && NO_FILE.includes(error.code)) return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const stats = await file.stat()
    if (stats.isFile()) {
      return {
        size: stats.size,
        open: ({ offset, signal }) => abortable(readFileBytes(file, offset), { signal }),
        close: () => file.close(),
      }
    }
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
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
    const source = file.open({ offset, signal })
    yield* offset === 0 && options.verify !== false ? verify(source, what) : sizedFrom(source, what.size, offset)
  } finally {
    await file.close()
  }
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
