import type { AbortOptions } from '@drayage/bytes'
import type { OnEvent } from '@drayage/distribution'

/** Options of {@link copyImage}. */
export interface CopyImageOptions extends AbortOptions {
  /**
   * Whether an index is copied whole; `false`, the default, copies the image for the runtime's platform. The store holds
   * one image of an index, and a docker-archive takes no index.
   */
  readonly all?: boolean
  readonly onEvent?: OnEvent
}
