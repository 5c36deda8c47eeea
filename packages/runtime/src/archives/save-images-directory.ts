import { createOciLayoutSink, namedRoots, openDirSink } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { copy, type GraphSink } from '@drayage/distribution'
import { parseReference } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { SavedImage } from './save-images-select.ts'

/** Puts images into an OCI layout, which is extended. */
export async function saveLayout(
  { transfers }: Runtime,
  store: LocalStore,
  images: readonly SavedImage[],
  directory: string,
  { signal }: AbortOptions,
): Promise<void> {
  const layout = createOciLayoutSink({ directory })
  const source = { fetch: store.content.fetch, resolve: store.images.resolve }
  for (const { what, refName } of namedRoots(images)) {
    const sink: GraphSink = { ...layout, tag: (_, __, options) => layout.put(what, refName, options) }
    const to = parseReference(`saved@${what.digest}`)
    await copy(source, sink, { from: what, to }, { signal, transfers })
  }
}

/**
 * Writes one image into a directory of its own.
 *
 * @throws TransportError `ERR_TRANSPORT` for several images
 * @throws DirImageError `ERR_DIR_IMAGE`
 */
export async function saveDir(
  { transfers }: Runtime,
  store: LocalStore,
  images: readonly SavedImage[],
  directory: string,
  { signal }: AbortOptions,
): Promise<void> {
  const [first, ...others] = images
  if (first === undefined || others.length > 0) {
    throw new TransportError('save to', directory, `found ${images.length} images, expected one for a directory`)
  }
  const source = { fetch: store.content.fetch, resolve: store.images.resolve }
  const to = parseReference(`saved@${first.what.digest}`)
  await copy(source, await openDirSink({ directory, signal }), { from: first.what, to }, { signal, transfers })
}
