import * as z from 'zod/mini'

import { digestCodec, lenientObject, sizeCodec, textMapCodec, textsCodec, type Codec } from './codec.ts'
import type { Descriptor } from './descriptor.ts'
import type { Platform } from './platform.ts'
import { keyRules, type KeyRules } from './scan-json.ts'

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
