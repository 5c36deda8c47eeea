import type { AbortOptions } from '@drayage/bytes'
import type { Ingester } from '@drayage/content'

/** The ingest that stands for the lock. It never gets any bytes. */
const KEY = 'image-records'

/**
 * Waits until no other holder, of this process or another, changes which images the store has and which layers they hold,
 * and keeps others out until it is disposed or its process dies. An image and its layers are in different tables, each
 * with its own transactions; without the lock a pull could count on layers that a removal is about to take.
 */
export async function lockImages(content: Ingester, options: AbortOptions = {}): Promise<AsyncDisposable> {
  return await content.begin(KEY, options)
}
