import type { ForeignLayers } from '@drayage/distribution'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'

/**
 * The choice of the runtime, for a copy.
 *
 * @param domain the registry that names the layers; without one they have to be at public addresses
 */
export function foreignLayersOf(
  { registry, foreignLayers }: RegistryAccess & TransferSettings,
  domain: string | undefined,
): ForeignLayers {
  return foreignLayers === 'fetch' ? registry.foreignLayers(domain) : foreignLayers
}
