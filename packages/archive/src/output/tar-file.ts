import type { ByteStream } from '@drayage/bytes'

import type { SpoolMemory } from './spool.ts'

/** A file or a symbolic link on its way into a tar. */
export interface OutputFile {
  readonly name: string
  /** Where a symbolic link leads, as it is written; absent for a regular file. */
  readonly linkTo?: string | undefined
  /** Bytes of data; absent when only their end tells. */
  readonly size?: number | undefined
  /** What the size probably is, where it is not known. */
  readonly sizeHint?: number | undefined
  /** When it was changed, in whole seconds from 1970 on; 0 by default. */
  readonly mtime?: number | undefined
  /** Whether its bytes are read later, where that is known before the first one. */
  readonly isKept?: boolean | undefined
}

/**
 * The files of a tar on their way into an output. Each is written from its start to its end by calls that do not overlap;
 * several are written side by side. Their order in the tar is that of `reserve`.
 */
export interface TarFiles extends AsyncDisposable {
  /** Gives the next place to a file, unless it has one. */
  reserve(file: OutputFile): void
  /** Whether the bytes of a file would go to the output now, and not wait. */
  isDirect(name: string): boolean
  /** Takes the next bytes of a file that has a place; they are free for reuse once this resolves. */
  append(name: string, bytes: Uint8Array): Promise<void>
  /** Drops the bytes of a file that is not complete. Resolves to `false` when the output cannot take them back. */
  restart(name: string): Promise<boolean>
  /** Ends a file. All its bytes are here: as many as its size, where that was stated. */
  complete(name: string): Promise<void>
  /** The bytes of a complete file, where the output can be read or the bytes were kept. */
  read(name: string): ByteStream
  /** Gives up the places of the files that are not complete. */
  dropIncomplete(): Promise<void>
  /** Ends the tar; resolves to its size in bytes. */
  end(): Promise<number>
}

/** What {@link TarFiles} need besides an output. */
export interface TarFilesOptions {
  /** Holds bytes that wait. */
  readonly memory: SpoolMemory
  /** Whether the bytes of a file are read later, by their first one; only an output that cannot be read has to keep them. */
  readonly isKept?: ((firstByte: number) => boolean) | undefined
}
