import { chainId } from '@drayage/digest'

import { layerFromRow } from './sql-layer-tables.ts'
import type { SqlDatabase } from './sql-database.ts'

/** What is wrong with records of layers: they contradict each other, or holders are not those that there are. */
export type LayerFault = 'records' | 'holders'

/** A layer whose blob is not recorded as what it was registered from. */
const WITHOUT_BLOB = `select 1 as found from layers left join layer_tars on layer_tars.blob = layers.blob
  and layer_tars.diff_id = layers.diff_id and layer_tars.media_type = layers.media_type
  and layer_tars.blob_size = layers.blob_size and layer_tars.size = layers.size
  and layer_tars.entry_count = layers.entry_count
  where layer_tars.blob is null limit 1`

const HOLDING_NOTHING = `select 1 as found from layer_holders
  left join layers on layers.chain_id = layer_holders.chain_id where layers.chain_id is null limit 1`

/**
 * Looks for a fault in the records of layers, all of which are kept twice or follow from others; `holders` are the only ones
 * that may hold any. Takes time by how many layers there are.
 */
export function findLayerFault(database: SqlDatabase, holders: ReadonlySet<string>): LayerFault | undefined {
  if (database.all(WITHOUT_BLOB).length > 0) return 'records'
  try {
    const layers = database.all('select * from layers').map(layerFromRow)
    if (layers.some(({ chainId: id, diffId, parent }) => id !== chainId(diffId, parent))) return 'records'
  } catch {
    return 'records'
  }
  if (database.all(HOLDING_NOTHING).length > 0) return 'holders'
  const found = database.all('select distinct holder from layer_holders')
  return found.every(({ holder }) => typeof holder === 'string' && holders.has(holder)) ? undefined : 'holders'
}
