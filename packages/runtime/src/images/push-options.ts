import type { AbortOptions } from '@drayage/bytes'
import type { OnEvent } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'

import type { ConversionOptions } from '../copy/conversion-options.ts'

/** Options of `pushImage` and `pushAllTags`. */
export interface PushImageOptions extends AbortOptions, ConversionOptions {
  /**
   * Which images of an index are pushed, each for exactly its platform: one goes without its index, several within it; all
   * that are here by default.
   */
  readonly platforms?: readonly Platform[] | undefined
  /**
   * Whether an index goes although the registry has not all that it lists, which some registries refuse; then one platform
   * goes within its index too. `false` by default.
   */
  readonly sparse?: boolean | undefined
  /**
   * What becomes of an index that the registry would not have all of: it is refused, or, as Docker Engine does, the only
   * image of it that is here goes without it; `refuse` by default.
   */
  readonly whenIncomplete?: 'refuse' | 'one' | undefined
  readonly onEvent?: OnEvent
}
