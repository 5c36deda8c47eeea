import type { AbortOptions } from '@drayage/bytes'
import { isImageStoreError } from '@drayage/image-store'

/** How often an image is brought that somebody else removes before it has its name. */
const MOST_TRIES = 10

/** Options of {@link againIfRemoved}. */
export interface AgainIfRemovedOptions extends AbortOptions {
  /** Called before each further try. */
  readonly onAgain?: () => void
}

/** Does what brings an image and names it, and does it again when the image was removed in between. */
export async function againIfRemoved<T>(
  work: () => Promise<T>,
  { signal, onAgain }: AgainIfRemovedOptions = {},
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      signal?.throwIfAborted()
      if (!isRemovedMeanwhile(error) || tries >= MOST_TRIES) throw error
      onAgain?.()
    }
  }
}

/** Codes that say so. */
const REMOVED: readonly string[] = ['ERR_IMAGE_NOT_FOUND', 'ERR_LEASE_LOST']

/** Whether the image or a part of it was there, but may be no more when it was to be added or named. */
export function isRemovedMeanwhile(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isImageStoreError(at) && REMOVED.includes(at.code)) return true
  }
  return false
}
