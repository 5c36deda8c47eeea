import type { AbortOptions } from '@drayage/bytes'
import { canVerify, type BlobState, type Fetcher } from '@drayage/content'
import type { StoredImage } from '@drayage/image-store'
import type { Descriptor } from '@drayage/manifest'

import { findStored, meantBy } from '../images/find-stored-image.ts'
import type { ImageView } from '../images/shown-image.ts'
import type { RegistryAccess, StoreAccess, TransferSettings } from '../runtime.ts'
import { canCheckParts, type Store } from '../store/store.ts'
import { checkLayers } from './check-layers.ts'
import { contentOfStored, kindOfContent, neededContent, type NeededContent } from './needed-content.ts'
import { createReadRate, type ReadRate } from './read-rate.ts'
import { damageOf } from './read-stored-config.ts'
import { bringAgain } from './repair-content.ts'
import type { StoreCheck } from './store-check.ts'
import type { StoreFinding } from './store-finding.ts'

/** Options of {@link checkStore}. */
export interface CheckStoreOptions extends AbortOptions {
  /** Names or IDs: then only what these consist of is checked. The whole store by default. */
  readonly names?: readonly string[]
  /**
   * Whether all bytes are read and hashed, and indexes of layers read; without a rate, layers are also inflated, in a thread,
   * and compared with the DiffIDs of configs. `false` by default.
   */
  readonly deep?: boolean
  /** Whether what is wrong is mended; `false` by default, when nothing is changed. */
  readonly repair?: boolean
  /** How many bytes are read a second at most, for a check beside other work; as many as can be by default. */
  readonly bytesPerSecond?: number
  /** Called with the bytes of each piece of content that was looked at. */
  readonly onChecked?: (bytes: number) => void
}

/**
 * Checks a store, beside everything else that uses it, and gives what it finds: content that names and images need and that
 * is missing or is no longer what came; layers that are not registered, or whose index is lost; and of a store in a directory
 * its database, its journal, its permissions, and what killed commands left. With `repair`, content comes again from the
 * repositories that are known to have it, and what the store can make by itself is made again; what stays is a fault, with
 * the names that need it.
 *
 * @throws ImageNotFoundError `ERR_IMAGE_NOT_FOUND`, AmbiguousImageError `ERR_IMAGE_AMBIGUOUS` for one of `names`
 */
export async function* checkStore(
  runtime: StoreAccess & ImageView & RegistryAccess & TransferSettings,
  options: CheckStoreOptions = {},
): AsyncGenerator<StoreFinding, void, void> {
  const { names = [], deep = false, repair = false, bytesPerSecond, onChecked, signal } = options
  const store = await runtime.openStore()
  const check: StoreCheck = {
    store,
    bringAgain: (needed, bringing) => bringAgain(runtime, store, needed, bringing),
    deep,
    inflates: deep && bytesPerSecond === undefined,
    repair,
    rate: createReadRate(bytesPerSecond),
    signal,
  }
  const some = names.length === 0 ? undefined : await storedAs(runtime, store, names, { signal })
  yield* checkOpened(check, some, onChecked)
}

/** Checks a store that is open: all of it, or some of what it stores. */
export async function* checkOpened(
  check: StoreCheck,
  some?: readonly StoredImage[],
  onChecked: (bytes: number) => void = () => {},
): AsyncGenerator<StoreFinding, void, void> {
  const { store, repair, signal } = check
  if (some === undefined && canCheckParts(store)) yield* store.checkParts({ repair, signal })
  const all = some ?? (await store.images.list({ signal }))
  const needed = neededContent(all)
  for (const each of needed.values()) {
    const finding = await checkContent(check, each)
    if (finding !== undefined) yield finding
    onChecked(each.what.size)
  }
  yield* checkLayers(check, all)
  if (some === undefined) yield* checkOthers(check, needed, onChecked)
}

async function storedAs(
  view: ImageView,
  store: Store,
  names: readonly string[],
  options: AbortOptions,
): Promise<StoredImage[]> {
  const found: StoredImage[] = []
  for (const name of names) found.push(meantBy(await findStored(view, store, name, options)))
  return found
}

async function checkContent(check: StoreCheck, needed: NeededContent): Promise<StoreFinding | undefined> {
  const { what } = needed
  const state = await stateOf(check, what)
  if (state === 'intact' || !(await isStillNeeded(check, needed))) return undefined
  const problem = state === 'missing' ? 'missing' : 'damaged'
  const found = { kind: kindOfContent(what), what: what.digest, problem, neededBy: [...needed.neededBy] }
  if (!check.repair) return { state: 'fault', ...found }
  const { content } = check.store
  if (state === 'corrupt' && canVerify(content)) await content.setAside(what.digest, check)
  const brought = await check.bringAgain(needed, { signal: check.signal })
  if ('from' in brought) return { state: 'repaired', ...found, note: `brought again from ${brought.from}` }
  return { state: 'fault', ...found, note: `cannot be brought again: ${brought.why}` }
}

/** What has become of some content: by its seal where that is enough and the store has one, else by all its bytes. */
async function stateOf({ store, deep, rate, signal }: StoreCheck, what: Descriptor): Promise<BlobState> {
  const { content } = store
  if (!deep && canVerify(content)) return await content.verify(what, { signal })
  if (!deep) return (await content.has(what, { signal })) ? 'intact' : 'missing'
  try {
    await readThrough(content, what, rate, { signal })
    // What was read without a mistake gets its seal.
    return canVerify(content) ? await content.verify(what, { signal }) : 'intact'
  } catch (error) {
    signal?.throwIfAborted()
    const damage = damageOf(error)
    if (damage === undefined) throw error
    return damage === 'missing' ? 'missing' : 'corrupt'
  }
}

async function readThrough(content: Fetcher, what: Descriptor, rate: ReadRate, options: AbortOptions): Promise<void> {
  for await (const chunk of content.fetch(what, options)) await rate.pass(chunk.byteLength, options)
}

/** Whether none of those that needed content when the check began was removed since. */
async function isStillNeeded({ store, signal }: StoreCheck, { what, targets }: NeededContent): Promise<boolean> {
  for (const digest of targets) {
    const stored = await store.images.get({ digest }, { signal })
    if (stored !== undefined && contentOfStored(stored).some((each) => each.digest === what.digest)) return true
  }
  return false
}

/** Content that no image needs, such as what was pushed and has no tag yet: nobody misses it, but it may not be wrong. */
async function* checkOthers(
  check: StoreCheck,
  needed: ReadonlyMap<string, NeededContent>,
  onChecked: (bytes: number) => void,
): AsyncGenerator<StoreFinding, void, void> {
  const { store, repair, signal } = check
  for await (const { digest, size } of store.content.list({ signal })) {
    if (needed.has(digest)) continue
    const what = { mediaType: 'application/octet-stream', digest, size }
    const state = await stateOf(check, what)
    onChecked(size)
    if (state !== 'corrupt') continue
    const isGone = repair && canVerify(store.content) && (await store.content.setAside(digest, { signal }))
    const found = { kind: 'unneeded content', what: digest, problem: 'damaged', neededBy: [] }
    yield isGone ? { state: 'repaired', ...found, note: 'set aside' } : { state: 'fault', ...found }
  }
}
