import type { LayerStore, LayerStoreOptions } from './layer-store.ts'
import { SqlLayerStore } from './sql-layer-store.ts'

/**
 * Opens the layer store; any number of processes may have it open at once.
 *
 * @throws RangeError when `workers` is not a positive integer
 */
export function createLayerStore(options: LayerStoreOptions): LayerStore {
  return new SqlLayerStore(options)
}
