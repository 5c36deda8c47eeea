import { encodeText } from '@drayage/bytes'
import type { DiffId } from '@drayage/digest'

/** A JSON object of an old archive, as it came. */
export type LegacyJson = Readonly<Record<string, unknown>>

/** What says where an image is in old archives and registries, and nothing about the image. */
const OWN_MEMBERS: ReadonlySet<string> = new Set(['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway'])

const NO_TIME = '0001-01-01T00:00:00Z'

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
  return encodeText(escaped(JSON.stringify(Object.fromEntries(sorted))))
}

function historyOf(layer: LegacyJson): object {
  const author = text(layer['author'])
  const created_by = commandOf(layer['container_config'])
  const comment = text(layer['comment'])
  return {
    created: timeOf(text(layer['created'])),
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

/** A time in the shortest form, as Go writes it: without zeros at the end of its fraction. It is any text, of any length. */
function timeOf(created: string): string {
  if (created === '') return NO_TIME
  const point = created.indexOf('.')
  if (point < 0) return created
  let end = point + 1
  while (isDigit(created, end)) end++
  if (!['Z', '+', '-'].includes(created.charAt(end))) return created
  let kept = end
  while (created.charAt(kept - 1) === '0') kept--
  return created.slice(0, kept === point + 1 ? point : kept) + created.slice(end)
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

/** Go escapes what could end a script in HTML. */
function escaped(json: string): string {
  return json.replace(/[<>&\u2028\u2029]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
