import type { DecodedManifest } from './decode-manifest.ts'
import type { Descriptor } from './descriptor.ts'

/**
 * The content that must be there for `manifest` to be whole, in the order of the document: config and layers of an image,
 * manifests of an index. The subject is none of it. Schema 1 tells no sizes and gives an empty list. The same content may
 * be listed more than once.
 */
export function children(manifest: DecodedManifest): Descriptor[] {
  switch (manifest.kind) {
    case 'image':
      return [manifest.value.config, ...manifest.value.layers]
    case 'index':
      return [...manifest.value.manifests]
    case 'schema1':
      return []
  }
}
