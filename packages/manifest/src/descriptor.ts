import * as z from 'zod/mini'

import { isDigest, type Digest } from '@drayage/digest'

import { type Codec, digestCodec, lenientObject, sizeCodec, textMapCodec, textsCodec } from './json/codec.ts'
import { keyRules, type KeyRules } from './json/scan-json.ts'
import type { Platform } from './platform/platform.ts'

/**
 * The identity of content: what it is, its digest and its size. Nothing is read or written without one.
 *
 * @see OCI image-spec v1.1.1, descriptor.md
 */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  /** In bytes. */
  readonly size: number
  /** Other places that hold the content; hostile until checked. */
  readonly urls?: readonly string[]
  readonly annotations?: Readonly<Record<string, string>>
  /** The content itself, in base64, for small content. */
  readonly data?: string
  readonly artifactType?: string
  /** In an index: what the manifest runs on. */
  readonly platform?: Platform
}

/** Decodes the platform of a descriptor; one that names no system or architecture matches nothing. */
export const platformCodec: Codec<Platform> = lenientObject({
  os: z._default(z.string(), ''),
  architecture: z._default(z.string(), ''),
  variant: z.exactOptional(z.string()),
  'os.version': z.exactOptional(z.string()),
  'os.features': z.exactOptional(textsCodec),
})

const optionalMembers = {
  digest: digestCodec,
  size: sizeCodec,
  urls: z.exactOptional(textsCodec),
  annotations: z.exactOptional(textMapCodec),
  data: z.exactOptional(z.string()),
  artifactType: z.exactOptional(z.string()),
  platform: z.exactOptional(platformCodec),
}

/** Decodes a descriptor. */
export const descriptorCodec: Codec<Descriptor> = lenientObject({ mediaType: z.string(), ...optionalMembers })

/** Decodes the descriptor of a config, whose media type old registries leave out. */
export const configDescriptorCodec: Codec<Descriptor> = lenientObject({
  mediaType: z._default(z.string(), ''),
  ...optionalMembers,
})

/** The members of a descriptor. */
export const DESCRIPTOR_KEYS: KeyRules = keyRules(
  ['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'artifactType', 'platform'],
  { platform: keyRules(['os', 'architecture', 'variant', 'os.version', 'os.features']) },
)

/**
 * The manifest that an attestation of an index is about, as BuildKit notes it; `undefined` for anything else.
 *
 * @see BuildKit, docs/attestations/attestation-storage.md
 */
export function attestedBy({ annotations }: Pick<Descriptor, 'annotations'>): Digest | undefined {
  const { 'vnd.docker.reference.type': type, 'vnd.docker.reference.digest': digest } = annotations ?? {}
  if (type !== undefined && type !== 'attestation-manifest') return undefined
  return isDigest(digest) ? digest : undefined
}
