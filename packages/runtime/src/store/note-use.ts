import type { AbortOptions } from '@drayage/bytes'
import { USE_PRECISION_MS } from '@drayage/image-store'
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

/** Remembers that something stored is used until it is disposed, however long that takes. */
export async function noteUseOf(
  store: Pick<Store, 'images'>,
  what: Pick<Descriptor, 'digest'>,
  options: AbortOptions = {},
): Promise<Disposable> {
  await noteUse(store, what, options)
  const timer = setInterval(() => void noteUse(store, what), USE_PRECISION_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
