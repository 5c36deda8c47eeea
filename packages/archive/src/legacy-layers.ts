import { encodeText } from '@drayage/bytes'
import { chainIds, digestHex, digestOf, type DiffId } from '@drayage/digest'

import { bytesMember, linkMember, type Member } from './members.ts'

/** The directories that readers before `manifest.json` look for: one for each layer of an image. */
export interface LegacyLayers {
  /** `<ID>/VERSION`, `<ID>/json` and the link `<ID>/layer.tar` of each layer, bottom to top. */
  readonly members: readonly Member[]
  /** The ID of the top layer, which is that of the image there; absent for an image without layers. */
  readonly top?: string | undefined
}

/** Members of an image config that were members of the image's own `json`. */
const TOP_MEMBERS = [
  'architecture',
  'author',
  'config',
  'container',
  'container_config',
  'created',
  'docker_version',
  'os',
  'variant',
] as const

const EPOCH = '1970-01-01T00:00:00Z'

/**
 * Makes the directories for an image. An ID is the hash of the layer's `json` without it, which holds the ChainID and the
 * ID below, and for the top one the config, so that equal images have equal IDs and others do not.
 *
 * @param layerNames where the bytes of each layer are in the archive
 * @see Docker Image Specification v1.0.0, "Combined Image JSON + Filesystem Changeset Format"
 */
export function legacyLayers(
  config: Uint8Array,
  diffIds: readonly DiffId[],
  layerNames: readonly string[],
): LegacyLayers {
  const members: Member[] = []
  let below: string | undefined
  for (const [at, layerId] of chainIds(diffIds).entries()) {
    const isTop = at === diffIds.length - 1
    const parent = below === undefined ? {} : { parent: below }
    const value = { ...parent, layer_id: layerId, ...(isTop ? topMembers(config) : { created: EPOCH }) }
    const id = digestHex(digestOf(JSON.stringify(value)))
    members.push(
      bytesMember(`${id}/VERSION`, encodeText('1.0')),
      bytesMember(`${id}/json`, encodeText(JSON.stringify({ id, ...value }))),
      linkMember(`${id}/layer.tar`, `../${layerNames[at]}`),
    )
    below = id
  }
  return { members, top: below }
}

function topMembers(config: Uint8Array): Record<string, unknown> {
  const value: unknown = JSON.parse(new TextDecoder().decode(config))
  const all: Record<string, unknown> = { ...(typeof value === 'object' ? value : {}) }
  return Object.fromEntries(TOP_MEMBERS.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]])))
}
