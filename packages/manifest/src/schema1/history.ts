import { digestHex, digestOf, type Digest } from '@drayage/digest'
import { decodeText } from '@drayage/bytes'

import type { DecodedImageConfig } from '../config/decode-image-config.ts'
import type { HistoryEntry } from '../config/image-config.ts'
import { IMAGE_CONFIG_KEYS } from '../json/keys.ts'
import { parseObject } from '../json/parse-object.ts'
import { SCHEMA1_EMPTY_LAYER } from './empty-layer.ts'
import { ZERO_TIME } from './go-time.ts'

/** A layer of a schema 1 manifest and its history. */
export interface Schema1Step {
  readonly blobSum: Digest
  readonly v1Compatibility: string
}

/**
 * The steps of an image, oldest first: one for each entry of its history, and one for each layer without an entry. A step's
 * ID derives from its layer and its parent's ID; the last step holds the config, and its ID derives from that too.
 *
 * @param layers digests of the layers, bottom to top, at least as many as the history has
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

/** The history, extended by an entry for each layer without one; never empty. */
function historyOf(config: DecodedImageConfig, layers: number): HistoryEntry[] {
  const entries = [...(config.value.history ?? [])]
  const covered = entries.filter((entry) => entry.empty_layer !== true).length
  for (let missing = layers - covered; missing > 0; missing--) entries.push({})
  return entries.length === 0 ? [{ empty_layer: true }] : entries
}

function stepOf({ created, created_by, author, comment }: HistoryEntry): Record<string, unknown> {
  return {
    created: created ?? ZERO_TIME,
    container_config: { Cmd: created_by === undefined ? null : [created_by] },
    ...(author !== undefined && { author }),
    ...(comment !== undefined && { comment }),
  }
}

/** The config without the members that schema 1 expresses in another way. */
function topOf({ bytes }: DecodedImageConfig): Record<string, unknown> {
  const document = parseObject(bytes, IMAGE_CONFIG_KEYS, { anyCase: true })
  const { rootfs: _rootfs, history: _history, ...rest } = document.ok ? document.value : {}
  return { created: ZERO_TIME, ...rest }
}
