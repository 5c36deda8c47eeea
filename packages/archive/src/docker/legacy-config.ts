import { encodeText } from '@drayage/bytes'
import type { DiffId } from '@drayage/digest'

import { goJson, legacyTime } from './go-json.ts'

/** A JSON object of an old archive, as it came. */
export type LegacyJson = Readonly<Record<string, unknown>>

/** What says where an image is in old archives and registries, and nothing about the image. */
const OWN_MEMBERS: ReadonlySet<string> = new Set(['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway'])

/**
 * The config of an image from the `json` of its layers, bottom to top, as Docker Engine makes it when it loads an old
 * archive: the top one without what names it, with the layers and a history. Equal archives give equal bytes, and the
 * image ID of Docker Engine for what was built by 1.8.3 or later.
 *
 * @see Docker Image Specification v1.0.0, "Image JSON Description"
 */
export function legacyConfig(layers: readonly LegacyJson[], diffIds: readonly DiffId[]): Uint8Array {
  const kept = Object.entries(layers.at(-1) ?? {}).filter(([name]) => !OWN_MEMBERS.has(name))
  const rootfs = { type: 'layers', ...(diffIds.length > 0 && { diff_ids: diffIds }) }
  const members = new Map<string, unknown>([...kept, ['rootfs', rootfs], ['history', layers.map(historyOf)]])
  const sorted = [...members].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return encodeText(goJson(Object.fromEntries(sorted)))
}

function historyOf(layer: LegacyJson): object {
  const author = text(layer['author'])
  const created_by = commandOf(layer['container_config'])
  const comment = text(layer['comment'])
  return {
    created: legacyTime(text(layer['created'])),
    ...(author !== '' && { author }),
    ...(created_by !== '' && { created_by }),
    ...(comment !== '' && { comment }),
  }
}

function commandOf(config: unknown): string {
  if (typeof config !== 'object' || config === null || !('Cmd' in config)) return ''
  const { Cmd } = config
  return Array.isArray(Cmd) ? Cmd.map(text).join(' ') : text(Cmd)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
