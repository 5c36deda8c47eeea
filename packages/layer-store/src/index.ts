/**
 * Layers by ChainID: verify DiffIDs, share, index, give back the tar.
 *
 * Layers stay compressed as they came; a registered one is a record, an index of its entries and a blob in a content
 * store.
 *
 * @packageDocumentation
 */
export type { LayerMeasurement } from './layer-measurement.ts'
export type { LayerRecord } from './layer-record.ts'
export type {
  LayerMeasurer,
  LayerReader,
  LayerRegistrar,
  LayerStore,
  LayerStoreOptions,
  MeasureOptions,
  RegisterOptions,
  Released,
} from './layer-store.ts'
export type { LayerStoreError, LayerStoreErrorCode } from './errors.ts'
export type { TarFault } from './measure-jobs.ts'
export type { Row, SqlDatabase, SqlValue } from './sql-database.ts'
export type { TarEntry, TarEntryType } from './tar-entry.ts'

export {
  DiffIdMismatchError,
  isLayerStoreError,
  LayerCorruptError,
  LayerDepthError,
  LayerNotFoundError,
  LayerTarError,
  LayerUnmeasuredError,
} from './errors.ts'
export { createLayerStore } from './create-layer-store.ts'
export { MAX_LAYER_DEPTH } from './layer-store.ts'
export { MAX_TAR_PATH_BYTES, MAX_TAR_PATH_COMPONENTS } from './tar-entry-of.ts'
export { MAX_TAR_META_BYTES, TarScanner } from './tar-scanner.ts'
