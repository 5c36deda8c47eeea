/** Where an archive goes that can only be written from its start to its end, such as a pipe. */
export interface SequentialOutput {
  /** Writes the next bytes; resolves when the array is free for reuse. */
  write(bytes: Uint8Array): Promise<void>
  /** Ends a whole archive, durably where that means something. */
  finish(size: number): Promise<void>
  /** Gives up; nothing that looks like an archive stays where it can be taken back. */
  discard(): Promise<void>
}

/** Where an archive goes that can be written in any order, several places at a time. */
export interface PositionalOutput {
  /** Writes bytes at a position; resolves when the array is free for reuse. */
  writeAt(bytes: Uint8Array, position: number): Promise<void>
  /** Fills `bytes` with what was written at a position. */
  readAt(bytes: Uint8Array, position: number): Promise<void>
  /** Where files that are needed for a while go. */
  readonly spoolDirectory: string
  /** Ends a whole archive of `size` bytes, durably; what was written after them goes. */
  finish(size: number): Promise<void>
  /** Gives up; nothing stays. */
  discard(): Promise<void>
}

/** Where an archive goes. */
export type ArchiveOutput = SequentialOutput | PositionalOutput

/** Tells whether `output` can be written in any order. */
export function isPositional(output: ArchiveOutput): output is PositionalOutput {
  return 'writeAt' in output
}
