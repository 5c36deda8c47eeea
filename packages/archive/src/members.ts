import { type AbortOptions, type ByteStream, fromBytes } from '@drayage/bytes'

import type { SpoolMemory } from './spool-memory.ts'
import type { TarName } from './tar-header.ts'

/** A file or a symbolic link on its way into a tar archive. */
export interface Member extends TarName {
  /** In bytes; absent when only the end of the stream tells. */
  readonly size?: number | undefined
  /** What the size probably is, where it is not known. */
  readonly sizeHint?: number | undefined
  /** Opens the bytes; called when it is worth to begin. */
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

/** Writes the files of a tar archive. */
export interface MemberWriter {
  /**
   * Gives `member` the next place in the archive and resolves when it is written. Several are written at a time when
   * the calls do not wait for each other.
   */
  add(member: Member, options: AbortOptions): Promise<void>
  /** Ends the archive, once all members are written; resolves to its size in bytes. */
  end(): Promise<number>
  /** Lets go of everything that members still hold. */
  close(): Promise<void>
}

/** What member writers need besides an output. */
export interface MemberWriterOptions {
  /** How many members are read at a time. */
  readonly concurrency: number
  /** Holds bytes of members that wait for their turn. */
  readonly memory: SpoolMemory
  /** Called with the first failure, to stop the other members. */
  readonly fail: (error: unknown) => void
}

/** Yields what `source` yields and calls `onEnd` when it ends, fails or is closed. */
export async function* whenEnded(source: ByteStream, onEnd: () => void): ByteStream {
  try {
    yield* source
  } finally {
    onEnd()
  }
}
