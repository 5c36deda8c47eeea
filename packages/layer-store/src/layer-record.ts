import { parseChainId, parseDiffId, parseDigest, type ChainId, type DiffId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { Row, SqlValue } from './sql-database.ts'

/** A registered layer. */
export interface LayerRecord {
  readonly chainId: ChainId
  readonly diffId: DiffId
  /** The layer below; none for a base layer. */
  readonly parent: ChainId | undefined
  /** The blob that it was first registered from. */
  readonly blob: Descriptor
  /** Size of the uncompressed tar in bytes. */
  readonly size: number
  /** Entries of the tar. */
  readonly entryCount: number
  /** How many layers it is, itself included. */
  readonly depth: number
}

/** A row of `layers` as a record. */
export function layerFromRow(row: Row): LayerRecord {
  return {
    chainId: parseChainId(textOf(row['chain_id'])),
    diffId: parseDiffId(textOf(row['diff_id'])),
    parent: row['parent'] === null ? undefined : parseChainId(textOf(row['parent'])),
    blob: blobFromRow(row),
    size: Number(row['size']),
    entryCount: Number(row['entry_count']),
    depth: Number(row['depth']),
  }
}

/** The columns `blob`, `media_type` and `blob_size` as a descriptor. */
export function blobFromRow(row: Row): Descriptor {
  return {
    mediaType: textOf(row['media_type']),
    digest: parseDigest(textOf(row['blob'])),
    size: Number(row['blob_size']),
  }
}

function textOf(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value
  throw new TypeError(`Cannot read the layer's row: found ${typeof value}, expected text`)
}
