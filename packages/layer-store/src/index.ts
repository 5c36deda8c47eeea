/**
 * Layers by ChainID: verify DiffIDs, share, index, give back the tar.
 *
 * Layers stay compressed as they came; a registered one is a record, an index of its entries and a blob in a content
 * store.
 *
 * @packageDocumentation
 */
export type { DiskLayerStoreOptions } from './create-layer-store.ts'
export type { WriterLife } from './indexes/index-directory.ts'
export type {
  FindOptions,
  HasIndexOptions,
  LayerMeasurement,
  LayerMeasurer,
  LayerReader,
  LayerRecord,
  LayerRegistrar,
  LayerRestorer,
  LayerStore,
  LayerStoreOptions,
  LayerSweeper,
  MeasureOptions,
  RegisterOptions,
  Released,
  TarFault,
} from './layer-store.ts'
export type { LayerStoreError, LayerStoreErrorCode } from './errors.ts'
export type { SqlRow, SqlDatabase, SqlCell } from './records/sql-database.ts'
export type { LayerFault } from './records/layer-fault.ts'
export type { LayerEntry } from './indexes/layer-entry.ts'

export {
  DiffIdMismatchError,
  isLayerStoreError,
  LayerCorruptError,
  LayerDepthError,
  LayerNotFoundError,
  LayerTarError,
  LayerUnmeasuredError,
} from './errors.ts'
export { createLayerStore, createMemoryLayerStore } from './create-layer-store.ts'
export { findLayerFault } from './records/layer-fault.ts'
export { createLayerTables } from './records/sql-layer-tables.ts'
export { MAX_LAYER_DEPTH } from './layer-store.ts'
