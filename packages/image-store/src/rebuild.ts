import { type Checker, type Fetcher, isContentError, readBlob } from '@drayage/content'
import { isDigestError, type ImageId } from '@drayage/digest'
import { decodeImageConfig, decodeManifest, isManifestError } from '@drayage/manifest'

import type { AbortOptions } from './abort-options.ts'
import type { Database } from './database.ts'
import type { NewImage } from './image-record.ts'
import { applyChange, openLedger } from './ledger.ts'
import { readChanges, type Change } from './journal.ts'
import { storedNameText } from './names.ts'

/** What a rebuild needs. */
export interface RebuildOptions extends AbortOptions {
  /** An empty database, or one to add to. */
  readonly database: Database
  /** Where manifests, configs and layers are. */
  readonly content: Fetcher & Checker
  /** The file that an image store journaled to. */
  readonly journal: string
}

/** What came of a rebuild. */
export interface RebuildResult {
  readonly images: number
  readonly names: number
  /** Lines of the journal that could not be read: the last one after a crash, others after damage. */
  readonly damagedLines: number
  /** Images that the journal tells of and whose content is not whole. */
  readonly lostImages: readonly ImageId[]
  /** Names that the journal tells of and whose content is not there. */
  readonly lostNames: readonly string[]
}

type Named = Extract<Change, { op: 'name' }>
type Put = Extract<Change, { op: 'image' }>

/** What a journal says in the end. */
interface JournalState {
  readonly images: Map<string, Put>
  readonly names: Map<string, Named>
  damagedLines: number
}

/**
 * Fills a database with the names and images that the journal tells of and whose content is there and verifies. Names
 * and images that the database holds already stay.
 */
export async function rebuildImageStore(options: RebuildOptions): Promise<RebuildResult> {
  const { database, content, journal, signal } = options
  const state = await replay(journal, { signal })
  const kept: Put[] = []
  const lostImages: ImageId[] = []
  for (const put of state.images.values()) {
    if (await isWhole(content, put.image, { signal })) kept.push(put)
    else lostImages.push(put.image.id)
  }
  const ids = new Set<string>(kept.map((put) => put.image.id))
  const named: Named[] = []
  const lostNames: string[] = []
  for (const [reference, name] of state.names) {
    const isThere = name.image === undefined ? await content.has(name.target, { signal }) : ids.has(name.image)
    if (isThere) named.push(name)
    else lostNames.push(reference)
  }
  const ledger = openLedger(database)
  database.transaction(() => {
    for (const put of kept) if (ledger.images.get(put.image.id) === undefined) applyChange(ledger, put)
    for (const name of named) if (ledger.names.get(storedNameText(name.name)) === undefined) applyChange(ledger, name)
  })
  return { images: kept.length, names: named.length, damagedLines: state.damagedLines, lostImages, lostNames }
}

async function replay(journal: string, options: AbortOptions): Promise<JournalState> {
  const state: JournalState = { images: new Map(), names: new Map(), damagedLines: 0 }
  for await (const change of readChanges(journal, options)) {
    if (change === undefined) state.damagedLines++
    else if (change.op === 'name') state.names.set(storedNameText(change.name), change)
    else if (change.op === 'unname') state.names.delete(storedNameText(change.name))
    else if (change.op === 'image') state.images.set(change.image.id, change)
    else state.images.delete(change.id)
  }
  return state
}

/** Whether manifest and config verify and belong together, and all layers are there. */
async function isWhole(content: Fetcher & Checker, image: NewImage, options: AbortOptions): Promise<boolean> {
  try {
    const manifest = decodeManifest(await readBlob(content, image.manifest, options), image.manifest)
    const config = decodeImageConfig(await readBlob(content, image.config, options), image.config)
    if (manifest.kind !== 'image' || manifest.value.config.digest !== image.config.digest) return false
    if ((config.descriptor.digest as string) !== image.id) return false
    for (const layer of manifest.value.layers) if (!(await content.has(layer, options))) return false
    return true
  } catch (error) {
    if (isContentError(error) || isDigestError(error) || isManifestError(error)) return false
    throw error
  }
}
