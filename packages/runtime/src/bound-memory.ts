import process from 'node:process'
import v8 from 'node:v8'

import { collectGarbage } from '@drayage/compression'

/** What a command has in use stays far below. */
const WORTH_FREEING_BYTES = 28 * 1024 * 1024

/** How often to look, in milliseconds. */
const EVERY_MS = 50

/** How much of what is in use has to come on top of it before the next collection: collecting what is in use frees nothing. */
const SLACK = 0.25

/** Options of {@link boundMemory}. */
export interface BoundMemoryOptions {
  /**
   * Once buffers exceed this many bytes, unused ones are freed; 28 MiB by default, which fits a command that does one
   * thing.
   */
  readonly worthFreeingBytes?: number
}

/**
 * Frees used buffers of this process in time; for a program to call once, at its start. Node frees them with the garbage of
 * a heap that hardly grows while gigabytes pass through, so that memory would grow with what is transferred.
 */
export function boundMemory({ worthFreeingBytes = WORTH_FREEING_BYTES }: BoundMemoryOptions = {}): void {
  // The young generation, by whose collection most used buffers are freed, stays as small as loading the program made it.
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  v8.setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  // Buffers that pass through would have a thread mark a heap of some megabytes over and over; one short stop is cheaper.
  v8.setFlagsFromString('--no-incremental-marking')
  let mostBytes = worthFreeingBytes
  const isMuch = (): boolean => bufferBytes() > mostBytes
  const look = (): void => {
    if (!isMuch()) return
    // Most are young, and found in a tenth of the time that a whole collection takes.
    collectGarbage('minor')
    if (!isMuch()) return
    collectGarbage('major')
    mostBytes = Math.max(worthFreeingBytes, bufferBytes() * (1 + SLACK))
  }
  setInterval(look, EVERY_MS).unref()
}

/** What the system does not tell counts as nothing: without free descriptors, the file that it is read from cannot be opened. */
function bufferBytes(): number {
  try {
    return process.memoryUsage().arrayBuffers
  } catch {
    return 0
  }
}
