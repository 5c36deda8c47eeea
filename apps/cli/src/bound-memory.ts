import process from 'node:process'
import v8 from 'node:v8'
import vm from 'node:vm'

/** Bytes of buffers from which on the used ones among them are worth to be freed; what is in use stays far below. */
const WORTH_FREEING_BYTES = 28 * 1024 * 1024

/** How often to look, in milliseconds. */
const EVERY_MS = 50

/**
 * Frees used buffers in time. Node frees them with the garbage of a heap that hardly grows while gigabytes pass through, so
 * that memory would grow with what is transferred.
 */
export function boundMemory(): void {
  // The young generation, by whose collection most used buffers are freed, stays as small as loading the program made it.
  v8.setFlagsFromString('--semi-space-growth-factor=1')
  v8.setFlagsFromString('--no-concurrent-array-buffer-sweeping')
  // Buffers that pass through would have a thread mark a heap of some megabytes over and over; one short stop is cheaper.
  v8.setFlagsFromString('--no-incremental-marking')
  let collect: (() => void) | undefined
  const look = (): void => {
    if (process.memoryUsage().arrayBuffers <= WORTH_FREEING_BYTES) return
    collect ??= openCollector()
    collect()
  }
  setInterval(look, EVERY_MS).unref()
}

function openCollector(): () => void {
  v8.setFlagsFromString('--expose-gc')
  const collect: unknown = vm.runInNewContext('gc')
  return typeof collect === 'function' ? () => void collect() : () => {}
}
