import type { AbortOptions } from '@drayage/bytes'
import type { ImageId } from '@drayage/digest'
import type { Reference } from '@drayage/reference'

import type { LocalStore } from '../store/local-store.ts'
import type { PullSink } from './pull-store.ts'

/** Names an image that is here whole, whatever its manifest is; nothing when it is not. */
export async function nameExistingImage(
  store: LocalStore,
  sink: PullSink,
  { imageId, names }: { readonly imageId?: ImageId | undefined; readonly names: readonly Reference[] },
  options: AbortOptions,
): Promise<ImageId | undefined> {
  const record = imageId === undefined ? undefined : await store.images.get(imageId, options)
  if (record === undefined || (await sink.images.findImage(record.manifest, options)) === undefined) return undefined
  for (const name of names) await sink.images.nameImage(name, record.manifest, record.id, options)
  return record.id
}
