import { DESCRIPTOR_KEYS } from '../descriptor.ts'
import { keyRules, type KeyRules } from './scan-json.ts'

/**
 * The members of manifests of every kind. One set for all, because the kind of a document must not depend on whether a
 * reader ignores the case of names.
 */
export const MANIFEST_KEYS: KeyRules = keyRules(
  [
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'name',
    'tag',
    'architecture',
    'fsLayers',
    'history',
    'signatures',
  ],
  {
    config: DESCRIPTOR_KEYS,
    layers: DESCRIPTOR_KEYS,
    manifests: DESCRIPTOR_KEYS,
    subject: DESCRIPTOR_KEYS,
    fsLayers: keyRules(['blobSum']),
    history: keyRules(['v1Compatibility']),
    signatures: keyRules(['protected']),
  },
)

/** The members of an image config that define the image. */
export const IMAGE_CONFIG_KEYS: KeyRules = keyRules(
  ['architecture', 'os', 'os.version', 'os.features', 'variant', 'config', 'rootfs', 'history'],
  { rootfs: keyRules(['type', 'diff_ids']), history: keyRules(['empty_layer']) },
)
