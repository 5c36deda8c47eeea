import { type AbortOptions, type ByteStream, fromBytes } from '@drayage/bytes'

import { type ArchiveOutput, isPositional } from './archive-output.ts'
import { createPositionalFiles } from './positional-files.ts'
import { createRankedSlots } from './ranked-slots.ts'
import { createSequentialFiles } from './sequential-files.ts'
import { createSpoolMemory } from './spool.ts'
import type { OutputFile, TarFiles, TarFilesOptions } from './tar-file.ts'
import { writeBlocks } from './write-blocks.ts'

/** A file or a symbolic link that is read when the archive wants it. */
export interface Member extends OutputFile {
  /** Opens the bytes; called when it is worthwhile to begin. */
  open(options: AbortOptions): ByteStream
  /** Called with each block in order. */
  readonly onBlock?: ((block: Uint8Array) => void) | undefined
  /** Called at the end with the size; throws when the bytes are not what they should be. */
  readonly check?: ((size: number) => void) | undefined
}

/** A file whose bytes are in memory. */
export function bytesMember(name: string, bytes: Uint8Array): Member {
  return { name, size: bytes.byteLength, open: () => fromBytes(bytes) }
}

/** A symbolic link. */
export function linkMember(name: string, linkTo: string): Member {
  return { name, linkTo, size: 0, open: () => fromBytes() }
}

/** Options of everything that writes an archive. */
export interface ArchiveWritingOptions {
  /** How many files are read at a time; {@link DEFAULT_ARCHIVE_CONCURRENCY} by default. */
  readonly concurrency?: number | undefined
  /** How many bytes of files that wait for their turn are kept in memory; {@link DEFAULT_SPOOL_MEMORY_BYTES} by default. */
  readonly memoryBytes?: number | undefined
}

/** 2: inflating two layers at a time keeps two cores busy. */
export const DEFAULT_ARCHIVE_CONCURRENCY: number = 2

/** 16 MiB: most layers by number are smaller and never touch the disk before their turn. */
export const DEFAULT_SPOOL_MEMORY_BYTES: number = 16 * 1_048_576

/** The files of an archive, as they come or as members that are read. */
export interface ArchiveFilesWriter extends TarFiles {
  /**
   * Gives `member` the next place and resolves when it is written. Several are read at a time when the calls do not wait
   * for each other, the largest first.
   */
  add(member: Member, options?: AbortOptions): Promise<void>
}

/**
 * Starts an archive on its way into `output`.
 *
 * @throws RangeError for an option that is out of range
 */
export function createArchiveFiles(
  output: ArchiveOutput,
  options: ArchiveWritingOptions & Pick<TarFilesOptions, 'isKept'>,
): ArchiveFilesWriter {
  const { concurrency = DEFAULT_ARCHIVE_CONCURRENCY, memoryBytes = DEFAULT_SPOOL_MEMORY_BYTES, isKept } = options
  assertCount('concurrency', concurrency, 1)
  assertCount('memoryBytes', memoryBytes, 0)
  const slots = createRankedSlots(concurrency)
  const filesOptions = { memory: createSpoolMemory(memoryBytes), isKept }
  const files = isPositional(output)
    ? createPositionalFiles(output, filesOptions)
    : createSequentialFiles(output, filesOptions)
  return {
    ...files,
    async add(member, { signal } = {}) {
      const { name, size, sizeHint = 0, onBlock } = member
      files.reserve(member)
      // The largest first, since it takes longest, as long as it need not wait for its place.
      const release = await slots.take(() => (files.isDirect(name) ? (size ?? sizeHint) : -1))
      try {
        signal?.throwIfAborted()
        const write = (block: Uint8Array): Promise<void> => files.append(name, block)
        const bytes = await writeBlocks(member.open({ signal }), write, { signal, ...(onBlock && { onBlock }) })
        member.check?.(bytes)
        await files.complete(name)
      } finally {
        release()
      }
    },
  }
}

function assertCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw new RangeError(`Cannot write an archive: ${name} is ${value}, expected an integer from ${least}`)
}
