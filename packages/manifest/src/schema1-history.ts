import { digestHex, digestOf, type Digest } from '@drayage/digest'
import { decodeText } from '@drayage/bytes'

import type { DecodedImageConfig } from './decode-image-config.ts'
import type { HistoryEntry } from './image-config.ts'
import { IMAGE_CONFIG_KEYS } from './manifest-keys.ts'
import { parseObject } from './parse-json.ts'
import { SCHEMA1_EMPTY_LAYER } from './schema1-empty-layer.ts'

/** A layer of a schema 1 manifest and what it says of it. */
export interface Schema1Step {
  readonly blobSum: Digest
  readonly v1Compatibility: string
}

/** What a reader of schema 1 takes for "unknown". */
const NO_TIME = '0001-01-01T00:00:00Z'

/**
 * The steps of an image, oldest first: one for each entry of its history, and for each layer that has none. A step's ID is
 * made of its layer and its parent's ID, that of the last one of the config too; the last one holds the config.
 *
 * @param layers digests of the layers, bottom to top, at least as many as the history tells of
 * @see Docker Image Manifest V 2, Schema 1, "Manifest Field Descriptions"
 */
export function schema1History(config: DecodedImageConfig, layers: readonly Digest[]): Schema1Step[] {
  const entries = historyOf(config, layers.length)
  const left = [...layers]
  const steps: Schema1Step[] = []
  let parent = ''
  for (const [index, entry] of entries.entries()) {
    const blobSum = (entry.empty_layer === true ? undefined : left.shift()) ?? SCHEMA1_EMPTY_LAYER.digest
    const isLast = index === entries.length - 1
    const identity = `${digestHex(blobSum)} ${parent}`
    const id = digestHex(digestOf(isLast ? `${identity} ${decodeText(config.bytes)}` : identity))
    const links = { id, ...(parent !== '' && { parent }), ...(entry.empty_layer === true && { throwaway: true }) }
    steps.push({ blobSum, v1Compatibility: JSON.stringify({ ...(isLast ? topOf(config) : stepOf(entry)), ...links }) })
    parent = id
  }
  return steps
}

/** The history, with an entry for each layer that it does not tell of; never empty. */
function historyOf(config: DecodedImageConfig, layers: number): HistoryEntry[] {
  const entries = [...(config.value.history ?? [])]
  const told = entries.filter((entry) => entry.empty_layer !== true).length
  for (let missing = layers - told; missing > 0; missing--) entries.push({})
  return entries.length === 0 ? [{ empty_layer: true }] : entries
}

function stepOf({ created, created_by, author, comment }: HistoryEntry): Record<string, unknown> {
  return {
    created: created ?? NO_TIME,
    container_config: { Cmd: created_by === undefined ? null : [created_by] },
    ...(author !== undefined && { author }),
    ...(comment !== undefined && { comment }),
  }
}

/** The config without what schema 1 says otherwise. */
function topOf({ bytes }: DecodedImageConfig): Record<string, unknown> {
  const document = parseObject(bytes, IMAGE_CONFIG_KEYS)
  const { rootfs: _rootfs, history: _history, ...rest } = document.ok ? document.value : {}
  return { created: NO_TIME, ...rest }
}
