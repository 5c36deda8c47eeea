import type { Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

/** What happens to a layer, in the order in which it can happen. */
export type LayerState =
  | { readonly state: 'exists' }
  /** It is kept elsewhere, and the place is without it. */
  | { readonly state: 'skipped' }
  | {
      readonly state: 'mounted'
      /** The path of the repository that it was taken from. */
      readonly from: string
    }
  | { readonly state: 'queued' }
  | { readonly state: 'waiting' }
  | {
      readonly state: 'downloading'
      /** Bytes that are there. */
      readonly current: number
      /** Bytes of the whole layer. */
      readonly total: number
    }
  | {
      readonly state: 'retrying'
      /** Seconds until the next try. */
      readonly secondsLeft: number
      /** Which retry this is, from 1. */
      readonly retry: number
      readonly error: unknown
    }
  | {
      readonly state: 'recompressing'
      /** Bytes of the former layer that were read. */
      readonly current: number
      /** Bytes of the whole former layer. */
      readonly total: number
    }
  | { readonly state: 'recompressed' }
  | { readonly state: 'verifying' }
  | { readonly state: 'downloaded' }
  | { readonly state: 'registering' }
  | { readonly state: 'complete' }

/** What a running pull, copy or save tells. */
export type DistributionEvent =
  | {
      readonly type: 'pulling'
      /** The tag, or the full reference when it is pulled by digest. */
      readonly id: string
      /** The repository's path, such as `library/alpine`. */
      readonly path: string
    }
  | {
      readonly type: 'layer'
      readonly digest: Digest
      readonly layer: LayerState
      /** `true` for an image's config, which is copied like a layer. */
      readonly isConfig?: boolean
    }
  | {
      readonly type: 'pushing'
      /** In full: `docker.io/library/alpine`. */
      readonly repository: string
    }
  | {
      readonly type: 'pushed'
      readonly tag: string
      readonly digest: Digest
      /** Bytes of the manifest. */
      readonly size: number
    }
  | {
      /** Not all images of an index are here, and the only one that is goes without the index. */
      readonly type: 'instead-of-index'
      readonly index: Descriptor
      readonly manifest: Descriptor
    }
  | { readonly type: 'digest'; readonly digest: Digest }
  | {
      readonly type: 'status'
      readonly upToDate: boolean
      /** In familiar form. */
      readonly reference: string
    }
  | { readonly type: 'retrying'; readonly what: string; readonly secondsLeft: number; readonly error: unknown }
  | { readonly type: 'warning'; readonly message: string }
  /** Something that users should know, in Docker Engine's words. */
  | { readonly type: 'notice'; readonly message: string }

/** Receives events; it must not throw and cannot slow the work down. */
export type OnEvent = (event: DistributionEvent) => void
