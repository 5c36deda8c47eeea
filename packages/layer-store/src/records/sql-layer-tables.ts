import { parseChainId, parseDiffId, parseDigest, type ChainId, type DiffId, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { LayerRecord, TarFault } from '../layer-store.ts'
import type { KnownBlob, LayerTables } from './layer-tables.ts'
import type { SqlRow, SqlDatabase, SqlCell } from './sql-database.ts'

const TABLES: readonly string[] = [
  `create table if not exists layers (
    chain_id text primary key, diff_id text not null, parent text, blob text not null, media_type text not null,
    blob_size bigint not null, size bigint not null, entry_count bigint not null, depth integer not null)`,
  'create index if not exists layers_by_parent on layers (parent)',
  'create index if not exists layers_by_diff_id on layers (diff_id)',
  `create table if not exists layer_holders (
    chain_id text not null, holder text not null, primary key (chain_id, holder))`,
  'create index if not exists layer_holders_by_holder on layer_holders (holder)',
  `create table if not exists layer_tars (
    blob text not null, diff_id text not null, media_type text not null, blob_size bigint not null,
    size bigint not null, entry_count bigint not null, primary key (blob, diff_id))`,
  'create index if not exists layer_tars_by_diff_id on layer_tars (diff_id)',
  `create table if not exists layer_faults (
    diff_id text primary key, fault_found text not null, fault_offset bigint not null)`,
]

/** Takes over the table of before a blob could have several DiffIDs. */
const TAKE_OVER: readonly string[] = [
  `insert into layer_tars (blob, diff_id, media_type, blob_size, size, entry_count)
   select blob, diff_id, media_type, blob_size, size, entry_count from layer_blobs where true on conflict do nothing`,
  'drop table if exists layer_blobs',
]

/** Layers with their faults. */
const LAYERS = 'select layers.*, fault_found, fault_offset from layers left join layer_faults using (diff_id)'

/** The names of the tables and their indexes. */
const NAMES: readonly string[] = TABLES.flatMap((sql) => /exists (\w+)/.exec(sql)?.[1] ?? [])

/** Creates the tables of a layer store where they are missing, as `createLayerStore` does; writes nothing otherwise. */
export function createLayerTables(database: SqlDatabase): void {
  const found = new Set(database.all('select name from sqlite_master').map(({ name }) => name))
  const hasOld = found.has('layer_blobs')
  if (!hasOld && NAMES.every((name) => found.has(name))) return
  database.transaction(() => {
    for (const statement of TABLES) database.run(statement)
    if (hasOld) for (const statement of TAKE_OVER) database.run(statement)
  })
}

/** The records of layers in a database. */
export class SqlLayerTables implements LayerTables {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
    createLayerTables(database)
  }

  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  layer(chainId: ChainId): LayerRecord | undefined {
    return this.#database.all(`${LAYERS} where chain_id = ?`, chainId).map(layerFromRow)[0]
  }

  addLayer(layer: LayerRecord): void {
    const { blob } = layer
    this.#database.run(
      `insert into layers (chain_id, diff_id, parent, blob, media_type, blob_size, size, entry_count, depth)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[layer.chainId, layer.diffId, layer.parent ?? null, blob.digest, blob.mediaType, blob.size],
      ...[layer.size, layer.entryCount, layer.depth],
    )
  }

  removeLayer(chainId: ChainId): void {
    this.#database.run('delete from layers where chain_id = ?', chainId)
  }

  hasDiffId(diffId: DiffId): boolean {
    return this.#database.all('select 1 as found from layers where diff_id = ? limit 1', diffId).length > 0
  }

  heldBy(holder: string): ChainId[] {
    const rows = this.#database.all('select chain_id from layer_holders where holder = ?', holder)
    return rows.map((row) => parseChainId(textOf(row['chain_id'])))
  }

  isUsed(chainId: ChainId): boolean {
    const holders = this.#database.all('select 1 as found from layer_holders where chain_id = ? limit 1', chainId)
    if (holders.length > 0) return true
    return this.#database.all('select 1 as found from layers where parent = ? limit 1', chainId).length > 0
  }

  addHolder(chainId: ChainId, holder: string): void {
    const sql = 'insert into layer_holders (chain_id, holder) values (?, ?) on conflict do nothing'
    this.#database.run(sql, chainId, holder)
  }

  removeHolder(holder: string): void {
    this.#database.run('delete from layer_holders where holder = ?', holder)
  }

  holders(): string[] {
    return this.#database.all('select distinct holder from layer_holders').map((row) => textOf(row['holder']))
  }

  knownBlobs(digest: Digest): KnownBlob[] {
    const rows = this.#database.all('select * from layer_tars where blob = ?', digest)
    return rows.map((row) => ({
      blob: blobFromRow(row),
      diffId: String(row['diff_id']) as DiffId,
      size: Number(row['size']),
      entryCount: Number(row['entry_count']),
    }))
  }

  blobsOf(diffId: DiffId): Descriptor[] {
    return this.#database.all('select * from layer_tars where diff_id = ?', diffId).map(blobFromRow)
  }

  addBlob(known: KnownBlob): void {
    const { blob } = known
    this.#database.run(
      `insert into layer_tars (blob, media_type, blob_size, diff_id, size, entry_count) values (?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
      ...[blob.digest, blob.mediaType, blob.size, known.diffId, known.size, known.entryCount],
    )
  }

  addFault(diffId: DiffId, { found, offset }: TarFault): void {
    const sql = 'insert into layer_faults (diff_id, fault_found, fault_offset) values (?, ?, ?) on conflict do nothing'
    this.#database.run(sql, diffId, found, offset)
  }

  removeDiffId(diffId: DiffId): void {
    this.#database.run('delete from layer_tars where diff_id = ?', diffId)
    this.#database.run('delete from layer_faults where diff_id = ?', diffId)
  }
}

/** A row of `layers` as a record. */
export function layerFromRow(row: SqlRow): LayerRecord {
  return {
    chainId: parseChainId(textOf(row['chain_id'])),
    diffId: parseDiffId(textOf(row['diff_id'])),
    parent: row['parent'] === null ? undefined : parseChainId(textOf(row['parent'])),
    blob: blobFromRow(row),
    size: Number(row['size']),
    entryCount: Number(row['entry_count']),
    depth: Number(row['depth']),
    ...(typeof row['fault_found'] === 'string' && {
      fault: { found: row['fault_found'], offset: Number(row['fault_offset']) },
    }),
  }
}

/** The columns `blob`, `media_type` and `blob_size` as a descriptor. */
function blobFromRow(row: SqlRow): Descriptor {
  return {
    mediaType: textOf(row['media_type']),
    digest: parseDigest(textOf(row['blob'])),
    size: Number(row['blob_size']),
  }
}

function textOf(value: SqlCell | undefined): string {
  if (typeof value === 'string') return value
  throw new TypeError(`Cannot read the layer's row: a value is of type ${typeof value}, expected text`)
}
