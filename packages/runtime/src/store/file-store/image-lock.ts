import { createKeyedLock } from '@drayage/content'
import { holderText, isFileError, lockFile } from '@drayage/files'

import type { Store } from '../store.ts'

/**
 * The lock of images, at `file`: those of this process wait in a queue, and the first of them for other processes. `warn` is
 * told of a long wait.
 */
export function createImageLock(file: string, warn: (message: string) => void): Store['lockImages'] {
  const queue = createKeyedLock()
  return async (options) => {
    const leave = await queue.acquire(file, options)
    try {
      const lock = await lockFile(file, {
        ...options,
        mode: 0o600,
        onWait: (holder) => warn(`waiting for ${holderText(holder)} to let go of "${file}"`),
      })
      return {
        async [Symbol.asyncDispose]() {
          lock.release()
          leave()
        },
      }
    } catch (error) {
      leave()
      throw error
    }
  }
}

/** Goes on without a lock whose holder is stopped. */
export function unlessHeld(error: unknown): undefined {
  if (!isFileError(error) || error.code !== 'ERR_FILE_LOCK' || error.fault !== 'held') throw error
}
