import { chainIds, type ChainId } from '@drayage/digest'
import { isImageStoreError, type PlatformImage, type StoredImage } from '@drayage/image-store'
import { isLayerStoreError } from '@drayage/layer-store'

import { becomeImage } from '../images/become-image.ts'
import { ownersOf } from './needed-content.ts'
import { damageOf } from './read-stored-config.ts'
import type { StoreCheck } from './store-check.ts'
import type { StoreFinding } from './store-finding.ts'

/** A layer that is to be registered, and an image that has it. */
interface NeededLayer {
  readonly stored: StoredImage
  readonly image: PlatformImage
  readonly neededBy: Set<string>
}

/** Checks that the layers of all images are registered, have an index and, deeply, inflate to what the configs say. */
export async function* checkLayers(
  check: StoreCheck,
  all: readonly StoredImage[],
): AsyncGenerator<StoreFinding, void, void> {
  const { store, deep, signal } = check
  for (const [what, { stored, image, neededBy }] of await neededLayers(check, all)) {
    signal?.throwIfAborted()
    const found = { what, neededBy: [...neededBy] }
    if ((await store.layers.get(what)) === undefined) {
      // An image that was removed since took its layers along.
      if ((await store.images.findImage(image.manifest, { signal })) === undefined) continue
      const record = { ...found, kind: 'layer record', problem: 'missing' }
      yield await mended(check, record, 'registered again', () => registerAgain(check, stored, image))
    } else if (!(await store.layers.hasIndex(what, { deep, signal }))) {
      const index = { ...found, kind: 'layer index', problem: 'missing or damaged' }
      yield await mended(check, index, 'made again', () => store.layers.indexAgain(what, { signal }))
    }
    if (check.inflates) yield* checkDiffId(check, what, found.neededBy)
  }
}

/**
 * Inflates a layer in a thread, and compares its DiffID with that of the configs that the layer is known by. A layer whose
 * stored bytes are damaged is a finding of its own.
 */
async function* checkDiffId(
  { store, signal }: StoreCheck,
  id: ChainId,
  neededBy: readonly string[],
): AsyncGenerator<StoreFinding, void, void> {
  const blob = (await store.layers.get(id))?.blob
  if (blob === undefined || !(await store.content.has(blob, { signal }))) return
  try {
    for await (const _ of store.layers.openTar(id, { signal }));
  } catch (error) {
    signal?.throwIfAborted()
    if (damageOf(error) !== undefined) return
    if (!isLayerStoreError(error) || error.code !== 'ERR_LAYER_CORRUPT') throw error
    const { found, expected } = error
    const note = 'remove the image: what was pulled is not what its config says'
    yield {
      state: 'fault',
      kind: 'layer',
      what: blob.digest,
      problem: `${found}, expected ${expected}`,
      neededBy,
      note,
    }
  }
}

async function neededLayers(check: StoreCheck, all: readonly StoredImage[]): Promise<Map<ChainId, NeededLayer>> {
  const needed = new Map<ChainId, NeededLayer>()
  for (const stored of all) {
    for (const image of stored.platforms) {
      for (const id of await chainOf(check, image)) {
        const each = needed.get(id) ?? { stored, image, neededBy: new Set() }
        needed.set(id, each)
        for (const owner of ownersOf(stored)) each.neededBy.add(owner)
      }
    }
  }
  return needed
}

/** The layers of an image; none where its config tells nothing, which is a finding of its own. */
async function chainOf({ store, signal }: StoreCheck, image: PlatformImage): Promise<readonly ChainId[]> {
  try {
    return chainIds((await store.images.readConfig(image, { signal })).value.rootfs?.diff_ids ?? [])
  } catch (error) {
    signal?.throwIfAborted()
    if (damageOf(error) === undefined && !isImageStoreError(error)) throw error
    return []
  }
}

async function registerAgain({ store, signal }: StoreCheck, stored: StoredImage, image: PlatformImage): Promise<void> {
  await becomeImage(store, { target: stored.target, names: [], platform: image.platform }, { signal })
}

async function mended(
  { repair, signal }: StoreCheck,
  found: Omit<StoreFinding, 'state'>,
  done: string,
  work: () => Promise<void>,
): Promise<StoreFinding> {
  if (!repair) return { state: 'fault', ...found }
  try {
    await work()
    return { state: 'repaired', ...found, note: done }
  } catch (error) {
    signal?.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    return { state: 'fault', ...found, note: `cannot be ${done}: ${why}` }
  }
}
