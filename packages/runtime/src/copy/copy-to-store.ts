import type { AbortOptions } from '@drayage/bytes'
import { readBlob } from '@drayage/content'
import { parseImageId, type ImageId } from '@drayage/digest'
import { load } from '@drayage/distribution'
import { decodeManifest, type Descriptor } from '@drayage/manifest'
import { parseReference, withDefaultTag } from '@drayage/reference'

import type { CopyImageOptions } from './copy-options.ts'
import type { Runtime } from '../create-runtime.ts'
import { TransportError } from '../errors.ts'
import { nameExistingImage } from '../images/name-existing-image.ts'
import type { CopySource } from './open-copy-source.ts'
import { openPullSink } from '../images/pull-store.ts'

/**
 * Copies the image for the runtime's platform into the store and gives it a name there. An image that is here keeps its
 * manifest when the source's is one made for it.
 *
 * @returns the manifest of the image in the store
 * @throws TransportError `ERR_TRANSPORT` for a name with a digest
 * @throws TransferError `ERR_TRANSFER` and the other errors of `load`
 */
export async function copyToStore(
  runtime: Runtime,
  source: CopySource,
  text: string,
  options: CopyImageOptions,
): Promise<Descriptor> {
  const name = withDefaultTag(parseReference(text))
  if (name.digest !== undefined) throw new TransportError('copy to', text, 'found a digest, expected a tag')
  const { transfers, retry } = runtime
  const [platform = runtime.platform] = options.platforms ?? []
  const { signal, onEvent } = options
  const { content, from } = source
  const target = 'mediaType' in from ? from : await content.resolve(from, { signal })
  const store = await runtime.openStore()
  await using sink = openPullSink(store)
  const imageId = source.makesManifests ? await imageIdOf(source, target, { signal }) : undefined
  const existing = await nameExistingImage(store, sink, { imageId, names: [name] }, { signal })
  const known = existing === undefined ? undefined : await store.images.get(existing, { signal })
  const settings = { platform, transfers, signal, ...(retry && { retry }), ...(onEvent && { onEvent }) }
  const manifest = known?.manifest ?? (await load(content, sink, { target, names: [name] }, settings)).manifest
  await sink.complete()
  return manifest
}

async function imageIdOf(source: CopySource, what: Descriptor, options: AbortOptions): Promise<ImageId | undefined> {
  const manifest = decodeManifest(await readBlob(source.content, what, options), what)
  return manifest.kind === 'image' ? parseImageId(manifest.value.config.digest) : undefined
}
