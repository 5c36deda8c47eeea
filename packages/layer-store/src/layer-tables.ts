import type { ChainId, DiffId, Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { blobFromRow, layerFromRow, type LayerRecord } from './layer-record.ts'
import type { SqlDatabase } from './sql-database.ts'

const TABLES: readonly string[] = [
  `create table if not exists layers (
    chain_id text primary key, diff_id text not null, parent text, blob text not null, media_type text not null,
    blob_size bigint not null, size bigint not null, entry_count bigint not null, depth integer not null)`,
  'create index if not exists layers_by_parent on layers (parent)',
  'create index if not exists layers_by_diff_id on layers (diff_id)',
  `create table if not exists layer_holders (
    chain_id text not null, holder text not null, primary key (chain_id, holder))`,
  'create index if not exists layer_holders_by_holder on layer_holders (holder)',
  `create table if not exists layer_blobs (
    blob text primary key, media_type text not null, blob_size bigint not null, diff_id text not null,
    size bigint not null, entry_count bigint not null)`,
  'create index if not exists layer_blobs_by_diff_id on layer_blobs (diff_id)',
]

/** A blob and the tar in it. */
export interface KnownBlob {
  readonly blob: Descriptor
  readonly diffId: DiffId
  readonly size: number
  readonly entryCount: number
}

/** The tables of the layer store; callers wrap what belongs together in a transaction. */
export class LayerTables {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
    database.transaction(() => {
      for (const statement of TABLES) database.run(statement)
    })
  }

  transaction<T>(work: () => T): T {
    return this.#database.transaction(work)
  }

  layer(chainId: ChainId): LayerRecord | undefined {
    return this.#database.all('select * from layers where chain_id = ?', chainId).map(layerFromRow)[0]
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

  /** Layers that nobody holds and nothing sits on. */
  unused(): LayerRecord[] {
    const sql = `select * from layers where
      not exists (select 1 from layer_holders where layer_holders.chain_id = layers.chain_id) and
      not exists (select 1 from layers as child where child.parent = layers.chain_id)`
    return this.#database.all(sql).map(layerFromRow)
  }

  addHolder(chainId: ChainId, holder: string): void {
    const sql = 'insert into layer_holders (chain_id, holder) values (?, ?) on conflict do nothing'
    this.#database.run(sql, chainId, holder)
  }

  removeHolder(holder: string): void {
    this.#database.run('delete from layer_holders where holder = ?', holder)
  }

  knownBlob(digest: Digest): KnownBlob | undefined {
    const rows = this.#database.all('select * from layer_blobs where blob = ?', digest)
    return rows.map((row) => ({
      blob: blobFromRow(row),
      diffId: String(row['diff_id']) as DiffId,
      size: Number(row['size']),
      entryCount: Number(row['entry_count']),
    }))[0]
  }

  blobsOf(diffId: DiffId): Descriptor[] {
    return this.#database.all('select * from layer_blobs where diff_id = ?', diffId).map(blobFromRow)
  }

  addBlob(known: KnownBlob): void {
    const { blob } = known
    this.#database.run(
      `insert into layer_blobs (blob, media_type, blob_size, diff_id, size, entry_count) values (?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
      ...[blob.digest, blob.mediaType, blob.size, known.diffId, known.size, known.entryCount],
    )
  }

  removeBlobsOf(diffId: DiffId): void {
    this.#database.run('delete from layer_blobs where diff_id = ?', diffId)
  }
}
