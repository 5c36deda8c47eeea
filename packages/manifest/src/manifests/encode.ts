import { encodeText } from '@drayage/bytes'

import type { ImageConfig } from '../config/image-config.ts'
import type { ImageIndex } from './image-index.ts'
import type { ImageManifest } from './image-manifest.ts'

/**
 * The bytes of a new image manifest or index: JSON with sorted member names and no white space, so that equal values have
 * equal digests. Never use it for a manifest that already has bytes: those are its identity.
 */
export function encodeManifest(value: ImageManifest | ImageIndex): Uint8Array {
  return encodeText(JSON.stringify(sorted(value)))
}

/** The bytes of a new image config, in the form of {@link encodeManifest}. */
export function encodeImageConfig(value: ImageConfig): Uint8Array {
  return encodeText(JSON.stringify(sorted(value)))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}
