import type { Runtime } from '../runtime.ts'
import type { SyncImagesOptions, SyncResult } from './sync-result.ts'

/**
 * Makes places equal as a file says that `parseSyncFile` of `@drayage/sync` reads, and yields what became of each image as
 * it is known. An image that fails does not keep the others from being copied; nothing is deleted. To find that an image
 * is equal takes one HEAD at each registry, unless referrers go along, which are looked for each time; tags that the file names are not listed.
 *
 * @throws SyncFileError `ERR_SYNC_FILE` before the first request
 */
export async function* syncImages(
  runtime: Runtime,
  text: string,
  options: SyncImagesOptions = {},
): AsyncGenerator<SyncResult, void, void> {
  // It brings a parser of YAML, which nothing else needs.
  const { runSync } = await import('./run-sync.ts')
  yield* runSync(runtime, text, options)
}
