import type { AbortOptions } from '@drayage/bytes'
import type { CopyReferrers, OnEvent } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'

import type { ConversionOptions } from './conversion-options.ts'

/** Options of {@link copyImage}. */
export interface CopyImageOptions extends AbortOptions, ConversionOptions {
  /** Whether an index is copied whole, as `index: 'full'` says; `false` by default. */
  readonly all?: boolean
  /** Which images of an index are copied; the one for the runtime's platform by default. */
  readonly platforms?: readonly Platform[]
  /**
   * How an index is copied: `full` with all its images; `sparse` with its bytes and digest and only the chosen images,
   * which some registries refuse; `rewrite` as a new index of only the chosen images, with another digest. By default one
   * chosen image is copied without its index, and several with a rewritten one; the store keeps the index of what comes.
   * From the store, all that is here is chosen where no platforms are, each platform exactly, and a full index has to be
   * here, or the rest of it at the target. A docker-archive and a Docker Engine take no index.
   */
  readonly index?: 'full' | 'sparse' | 'rewrite'
  /**
   * Takes along what refers to the copied manifests, such as signatures, with what cosign keeps under tags; nothing by
   * default. Registries, OCI layouts and oci-archives know of such.
   */
  readonly referrers?: Pick<CopyReferrers, 'artifactTypes' | 'maxDepth'>
  /** Fails before anything is written when the copy would have another digest; `false` by default. */
  readonly preserveDigests?: boolean
  readonly onEvent?: OnEvent
}
