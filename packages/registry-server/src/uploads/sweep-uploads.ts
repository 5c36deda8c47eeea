import type { AbortOptions } from '@drayage/bytes'

import type { RegistryStorage } from '../storage/storage.ts'

/** Options of {@link sweepUploads}. */
export interface SweepUploadsOptions extends AbortOptions {
  /** Uploads that began longer ago are dropped, in milliseconds. */
  readonly olderThanMs: number
  /** Milliseconds since 1970; `Date.now` by default. */
  readonly now?: () => number
}

/** Drops uploads that began long ago, with their bytes. Resolves to how many. */
export async function sweepUploads(storage: RegistryStorage, options: SweepUploadsOptions): Promise<number> {
  const { olderThanMs, now = Date.now, signal } = options
  let dropped = 0
  for await (const session of storage.uploads.uploads({ signal })) {
    if (now() - session.startedAtMs <= olderThanMs) continue
    await storage.uploads.close(session.id, { signal })
    await using ingest = await storage.content.begin(session.id, { signal })
    await ingest.reset({ signal })
    dropped++
  }
  return dropped
}
