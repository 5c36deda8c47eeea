import type { Digest } from '@drayage/digest'
import { signedBytesOf, type Descriptor } from '@drayage/manifest'

import type { ContentRow } from '../tables.ts'

/** The manifest of some content, and all that it needs. */
export function partsOfContent(row: ContentRow): readonly [Descriptor, ...Descriptor[]] {
  if (row.kind === 'other') return [row.other.manifest, ...row.other.parts]
  const { manifest, config, layers } = row.image
  return [manifest, config, ...layers]
}

/** The digest of the manifest of some content. */
export function contentDigest(row: ContentRow): Digest {
  return partsOfContent(row)[0].digest
}

/**
 * Of two descriptors of the same content the one to keep: `known`, unless `given` tells where signed bytes are that `known`
 * does not tell of.
 */
export function fullerDescriptor(known: Descriptor | undefined, given: Descriptor): Descriptor {
  if (known === undefined) return given
  const signed = signedBytesOf(given)?.digest
  return signed === undefined || signed === signedBytesOf(known)?.digest ? known : given
}

/** Content without what can be read of it again, which is not journaled. */
export function withoutFacts(row: ContentRow): ContentRow {
  if (row.kind === 'other') return row
  const { facts: _, ...image } = row.image
  return { kind: 'image', image }
}
