import type { Descriptor } from '@drayage/manifest'

import type { CopyImageOptions } from './copy-options.ts'
import type { OpenPlace } from './copy-target.ts'
import type { CopyMountsOptions } from './copy-mounts.ts'
import { copyToDirectory } from './copy-to-directory.ts'
import { copyToRegistry } from './copy-to-registry.ts'
import { copyToStore } from './copy-to-store.ts'
import type { Runtime } from '../create-runtime.ts'
import type { CopySource } from './open-copy-source.ts'

/** Copies one opened image to a place that takes one image after another. */
export async function copyToPlace(
  runtime: Runtime,
  source: CopySource,
  to: OpenPlace,
  options: CopyImageOptions & CopyMountsOptions,
): Promise<Descriptor> {
  switch (to.kind) {
    case 'registry':
      return await copyToRegistry(runtime, source, to.reference, options)
    case 'store':
      return await copyToStore(runtime, source, to.name, options)
    case 'oci':
    case 'dir':
      return await copyToDirectory(runtime, source, to, options)
  }
}
