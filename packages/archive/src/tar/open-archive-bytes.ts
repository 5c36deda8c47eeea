import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'

import type { AbortOptions, ByteStream } from '@drayage/bytes'
import { decompress, type DecompressLimits, DETECT_BYTES, detectCompression } from '@drayage/compression'
import { disk, fileBytes, FileWriteError, throwWriteFailure, writeFully } from '@drayage/files'

import { archiveBytes, type ArchiveBytes } from './archive-bytes.ts'
import { ArchiveLimitError } from '../errors.ts'
import { openPipe } from '../named-pipe.ts'
import { openUnnamed } from '../output/spool.ts'
import { writeBlocks } from '../output/write-blocks.ts'

/** An archive: the path of a file, a device or a named pipe, or its bytes in order. */
export type ArchiveInput = string | ByteStream

/** Options of everything that opens an archive. */
export interface OpenArchiveOptions extends AbortOptions {
  /**
   * Where the bytes of a pipe or of a compressed archive go, in a file without a name that ends with the archive; the
   * system's directory for temporary files by default. An uncompressed file is read where it is.
   */
  readonly spoolDirectory?: string | undefined
  /** How many bytes may go there; {@link DEFAULT_MAX_SPOOL_BYTES} by default. */
  readonly maxSpoolBytes?: number | undefined
  /** How far a compressed archive may inflate, besides `maxSpoolBytes`; the defaults of `decompress` by default. */
  readonly limits?: DecompressLimits | undefined
}

/** 256 GiB, above any archive in use; the free space of the file system is the limit that is met first. */
export const DEFAULT_MAX_SPOOL_BYTES: number = 256 * 2 ** 30

/** How much of a file system stays free, so that other programs can go on; at most this share of it. */
const RESERVED_BYTES = 64 * 2 ** 20
const RESERVED_SHARE = 1 / 64

/** How many bytes are written before the free space is looked at again. */
const CHECK_BYTES = 64 * 2 ** 20

/**
 * Opens an archive for reading anywhere. What cannot be read so is written once to a temporary file, inflated.
 *
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 * @throws FileWriteError `ERR_FILE_WRITE` of `@drayage/files`, also before the disk is full
 * @throws CompressedDataError `ERR_COMPRESSED_DATA`
 * @throws CompressionLimitError `ERR_COMPRESSION_LIMIT`
 */
export async function openArchiveBytes(input: ArchiveInput, options: OpenArchiveOptions = {}): Promise<ArchiveBytes> {
  options.signal?.throwIfAborted()
  if (typeof input !== 'string') return spool(input, options)
  if ((await disk.stat(input)).isFIFO()) return spool(await openPipe(input, 'read', options), options)
  const file = await disk.open(input, constants.O_RDONLY)
  let isKept = false
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return await spool(readInOrder(file), options)
    const prefix = new Uint8Array(DETECT_BYTES)
    const { bytesRead } = await file.read(prefix, 0, DETECT_BYTES, 0)
    if (detectCompression(prefix.subarray(0, bytesRead)) !== 'none') {
      return await spool(fileBytes(file), options)
    }
    isKept = true
    return archiveBytes(file, stats.size)
  } finally {
    if (!isKept) await file.close()
  }
}

async function spool(source: ByteStream, options: OpenArchiveOptions): Promise<ArchiveBytes> {
  const { spoolDirectory = tmpdir(), maxSpoolBytes = DEFAULT_MAX_SPOOL_BYTES, signal } = options
  if (!(maxSpoolBytes > 0)) {
    throw new RangeError(`Cannot read the archive: maxSpoolBytes is ${maxSpoolBytes}, expected a positive number`)
  }
  const file = await openUnnamed(spoolDirectory)
  try {
    const inflated = decompress(source, { ...options.limits, signal })
    let position = 0
    let checkAt = 0
    const write = async (block: Uint8Array): Promise<void> => {
      const at = position
      position += block.byteLength
      if (position > maxSpoolBytes) throw new ArchiveLimitError('maxBytes', 'more bytes', maxSpoolBytes)
      if (position > checkAt) {
        checkAt = position + CHECK_BYTES
        await assertSpace(spoolDirectory, block.byteLength)
      }
      await writeFully(file, block, at).catch(throwWriteFailure(spoolDirectory))
    }
    const size = await writeBlocks(inflated, write, { signal })
    return archiveBytes(file, size)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function assertSpace(directory: string, wanted: number): Promise<void> {
  const { bavail, bsize, blocks } = await disk.statfs(directory)
  const reserved = Math.min(RESERVED_BYTES, blocks * bsize * RESERVED_SHARE)
  // A file system that does not tell its size has room.
  if (blocks === 0 || bavail * bsize >= reserved + wanted) return
  throw new FileWriteError(directory, Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' }))
}

/** The bytes of a pipe or a device, which has no positions. */
async function* readInOrder(file: FileHandle): ByteStream {
  for (;;) {
    const block = new Uint8Array(262_144)
    const { bytesRead } = await file.read(block, 0, block.byteLength, null)
    if (bytesRead === 0) return
    yield block.subarray(0, bytesRead)
  }
}
