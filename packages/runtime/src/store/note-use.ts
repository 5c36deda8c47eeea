import type { AbortOptions } from '@drayage/bytes'
import type { Descriptor } from '@drayage/manifest'

import type { Store } from './store.ts'

/** Remembers that something stored is used now. It only helps later prunes: a failure, as on a full disk, is nobody's. */
export async function noteUse(
  { images }: Pick<Store, 'images'>,
  what: Pick<Descriptor, 'digest'>,
  { signal }: AbortOptions = {},
): Promise<void> {
  try {
    await images.recordUse(what, { signal })
  } catch {
    signal?.throwIfAborted()
  }
}
