import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

import { abortable, collect, type AbortOptions, type ByteStream } from '@drayage/bytes'

import { disk } from './disk.ts'
import { systemCode } from './system-error.ts'

/** How much is read at once, and how much at first: most files of a store are small. */
const READ_BYTES = 262_144
const FIRST_BYTES = 16_384

/** Codes of a path that leads to no file: nothing, a link that is not followed, or something else has the name. */
const NO_FILE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR'])

/** A regular file that is open for reading. */
export interface RegularFile {
  readonly handle: FileHandle
  /** In bytes, when it was opened. */
  readonly size: number
}

/**
 * Opens the regular file at `path` for reading; `undefined` for a missing file, and when a symbolic link, a pipe or
 * anything else has its name.
 */
export async function openRegularFile(path: string): Promise<RegularFile | undefined> {
  let handle: FileHandle
  try {
    // A link could lead out of the directory, and opening a pipe would wait for its writer.
    handle = await disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (NO_FILE.has(systemCode(error))) return undefined
    throw error
  }
  const found = await handle.stat().catch(async (error: unknown) => {
    await handle.close()
    throw error
  })
  if (found.isFile()) return { handle, size: found.size }
  await handle.close()
  return undefined
}

/** Options of {@link fileBytes}. */
export interface FileBytesOptions extends AbortOptions {
  /** The first byte to read; 0 by default. */
  readonly start?: number
  /** Where to end, exclusively; the end of the file by default. */
  readonly end?: number
}

/**
 * The bytes of an open file, in arrays that the consumer may keep; the next one is read while the consumer works. The
 * handle stays open, and no read of it is in flight once the stream has ended.
 */
export async function* fileBytes(file: FileHandle, options: FileBytesOptions = {}): ByteStream {
  const { start = 0, end = Infinity, signal } = options
  const readAt = (position: number, most: number): Promise<Uint8Array> => {
    const reading = readBlock(file, position, Math.min(most, end - position))
    reading.catch(() => {})
    return reading
  }
  let position = start
  let next = readAt(position, FIRST_BYTES)
  try {
    for (;;) {
      const block = await next
      signal?.throwIfAborted()
      if (block.byteLength === 0) return
      position += block.byteLength
      next = readAt(position, block.byteLength < FIRST_BYTES ? FIRST_BYTES : READ_BYTES)
      yield block
      signal?.throwIfAborted()
    }
  } finally {
    await next.catch(() => {})
  }
}

async function readBlock(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  if (length <= 0) return new Uint8Array(0)
  const buffer = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  const bytes = new Uint8Array(buffer.buffer, 0, bytesRead)
  // A consumer that keeps a few bytes must not keep a block for them.
  return bytesRead < length / 2 ? bytes.slice() : bytes
}

/** Options of {@link readSmallFile}. */
export interface ReadSmallFileOptions extends AbortOptions {
  /** The most bytes that the file may hold. */
  readonly maxBytes: number
}

/**
 * Reads a regular file into memory; `undefined` where {@link openRegularFile} finds none.
 *
 * @throws ByteLimitError `ERR_BYTE_LIMIT` of `@drayage/bytes` for a file that holds more than `maxBytes`
 */
export async function readSmallFile(path: string, options: ReadSmallFileOptions): Promise<Uint8Array | undefined> {
  const { maxBytes, signal } = options
  const file = await openRegularFile(path)
  if (file === undefined) return undefined
  await using handle = file.handle
  return await collect(abortable(fileBytes(handle), { signal }), { maxBytes, signal })
}
