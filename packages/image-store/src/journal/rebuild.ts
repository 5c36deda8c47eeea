import type { AbortOptions } from '@drayage/bytes'
import { type Checker, type Fetcher, isContentError, readBlob } from '@drayage/content'
import { isDigestError, type Digest, type ImageId } from '@drayage/digest'
import { decodeImageConfig, decodeManifest, isManifestError, signedBytesOf, type Descriptor } from '@drayage/manifest'

import { contentDigest, partsOfContent } from '../images/content-row.ts'
import { applyChange } from '../images/ledger.ts'
import { storedNameText } from '../images/name-rules.ts'
import type { Database } from '../sql/database.ts'
import { openSqlTables } from '../sql/sql-tables.ts'
import type { PlatformImage } from '../stored-image.ts'
import type { ContentRow } from '../tables.ts'
import type { Change } from './change.ts'
import { replayJournal } from './replay.ts'

/** What a rebuild needs. */
export interface RebuildOptions extends AbortOptions {
  /** An empty database, or one to add to. */
  readonly database: Database
  /** Where manifests, configs and layers are. */
  readonly content: Fetcher & Checker
  /** The file that an image store journaled to. */
  readonly journal: string
}

/** The outcome of a rebuild. */
export interface RebuildResult {
  /** Images of one platform. */
  readonly images: number
  readonly names: number
  /** Lines of the journal that could not be read: the last one after a crash, others after damage. */
  readonly damagedLines: number
  /** Images in the journal whose content is incomplete. */
  readonly lostImages: readonly ImageId[]
  /** Names in the journal whose content is missing. */
  readonly lostNames: readonly string[]
}

/** What {@link planRebuild} found. */
export interface RebuildPlan {
  readonly result: RebuildResult
  /** Puts it into the database, as a part of the caller's transaction. */
  fill(): void
}

/**
 * Fills a database with the names and images in the journal whose content is stored and verifies. Names and images that
 * the database holds already stay. Journals of releases before a name stood for an index are read too.
 */
export async function rebuildImageStore(options: RebuildOptions): Promise<RebuildResult> {
  const { result, fill } = await planRebuild(options)
  options.database.transaction(fill)
  return result
}

/** Reads what {@link rebuildImageStore} brings into the database, and changes nothing. */
export async function planRebuild(options: RebuildOptions): Promise<RebuildPlan> {
  const { database, content, journal, signal } = options
  const { puts, names, damagedLines, lostNames } = await replayJournal(journal, content, { signal })
  const lost = new Map<Digest, ImageId>()
  const kept: (Change & { readonly op: 'put' })[] = []
  const find = rememberFound(content, { signal })
  for (const put of puts) {
    const contents: ContentRow[] = []
    for (const row of put.contents) {
      if (await find(row)) contents.push(row)
      else if (row.kind === 'image') lost.set(row.image.manifest.digest, row.image.id)
    }
    const isKept = put.contents.some(isImage)
      ? contents.some(isImage)
      : contents.length === put.contents.length && (await content.has(bytesOf(put.target), { signal }))
    if (isKept) kept.push({ ...put, contents })
  }
  const targets = new Set(kept.map(({ target }) => target.digest))
  const named = names.filter(({ target }) => targets.has(target.digest))
  const unnamed = names.filter(({ target }) => !targets.has(target.digest))
  const tables = openSqlTables(database)
  const fill = (): void => {
    for (const put of kept) applyChange(tables, put)
    for (const name of named) if (tables.names.get(storedNameText(name.name)) === undefined) applyChange(tables, name)
  }
  const result = {
    images: new Set(kept.flatMap(({ contents }) => contents.filter(isImage).map(contentDigest))).size,
    names: named.length,
    damagedLines,
    lostImages: [...new Set(lost.values())],
    lostNames: [...unnamed.map(({ name }) => storedNameText(name)), ...lostNames],
  }
  return { result, fill }
}

function isImage({ kind }: ContentRow): boolean {
  return kind === 'image'
}

/** Where the bytes of a target are. */
function bytesOf(target: Descriptor): Descriptor {
  return signedBytesOf(target) ?? target
}

/** Tells whether content is here with all that it needs; looks only once at what several targets have. */
function rememberFound(content: Fetcher & Checker, options: AbortOptions): (row: ContentRow) => Promise<boolean> {
  const found = new Map<Digest, boolean>()
  return async (row) => {
    const digest = contentDigest(row)
    const isHere = found.get(digest) ?? (await isWhole(content, row, options))
    found.set(digest, isHere)
    return isHere
  }
}

async function isWhole(content: Fetcher & Checker, row: ContentRow, options: AbortOptions): Promise<boolean> {
  if (row.kind === 'image') return isWholeImage(content, row.image, options)
  for (const part of partsOfContent(row)) if (!(await content.has(part, options))) return false
  return true
}

/** Whether manifest and config verify and belong together, and all layers are stored. */
async function isWholeImage(content: Fetcher & Checker, image: PlatformImage, options: AbortOptions): Promise<boolean> {
  try {
    const manifest = decodeManifest(await readBlob(content, image.manifest, options), image.manifest)
    const config = decodeImageConfig(await readBlob(content, image.config, options), { ...image.config, anyCase: true })
    if (manifest.kind !== 'image' || manifest.value.config.digest !== image.config.digest) return false
    if ((config.descriptor.digest as string) !== image.id) return false
    for (const layer of manifest.value.layers) if (!(await content.has(layer, options))) return false
    return true
  } catch (error) {
    if (isContentError(error) || isDigestError(error) || isManifestError(error)) return false
    throw error
  }
}
