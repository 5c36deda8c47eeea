import type { Digest } from '@drayage/digest'

import type { Platform } from './platform.ts'

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
