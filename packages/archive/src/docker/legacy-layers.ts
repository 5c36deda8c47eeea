import { encodeText } from '@drayage/bytes'
import { chainIds, type DiffId } from '@drayage/digest'

import { bytesMember, linkMember, type Member } from '../output/members.ts'
import { v1Image } from './v1-image.ts'

/** The directories that readers before `manifest.json` look for: one for each layer of an image. */
export interface LegacyLayers {
  /** `<ID>/VERSION`, `<ID>/json` and the link `<ID>/layer.tar` of each layer, bottom to top. */
  readonly members: readonly Member[]
  /** The ID of the top layer, which is that of the image there; absent for an image without layers. */
  readonly top?: string | undefined
  /** When the image was made, in whole seconds since 1970, as its files say; 0 where it does not tell, or earlier. */
  readonly mtime: number
}

/**
 * Makes the directories for an image, with the names, the bytes and the times that `docker save` wrote before Docker 25.
 *
 * @param layerNames where the bytes of each layer are in the archive
 * @see Docker Image Specification v1.0.0, "Combined Image JSON + Filesystem Changeset Format"
 */
export function legacyLayers(
  config: Uint8Array,
  diffIds: readonly DiffId[],
  layerNames: readonly string[],
): LegacyLayers {
  const image = objectOf(config)
  const os = typeof image['os'] === 'string' ? image['os'] : ''
  const mtime = secondsOf(image['created'])
  const members: Member[] = []
  let parent: string | undefined
  for (const [at, chainId] of chainIds(diffIds).entries()) {
    const top = at === diffIds.length - 1 ? image : undefined
    const { id, json } = v1Image({ chainId, parent, top, os })
    members.push(
      { ...bytesMember(`${id}/VERSION`, encodeText('1.0')), mtime },
      { ...bytesMember(`${id}/json`, encodeText(json)), mtime },
      { ...linkMember(`${id}/layer.tar`, `../${layerNames[at]}`), mtime },
    )
    parent = id
  }
  return { members, top: parent, mtime }
}

function objectOf(config: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(new TextDecoder().decode(config))
  return { ...(typeof value === 'object' ? value : {}) }
}

/** The most seconds that every reader of tars understands: until the year 2242. */
const LAST_SECOND = 8 ** 11 - 1

function secondsOf(created: unknown): number {
  const time = typeof created === 'string' ? Date.parse(created) : Number.NaN
  return Number.isNaN(time) ? 0 : Math.min(Math.max(Math.floor(time / 1000), 0), LAST_SECOND)
}
