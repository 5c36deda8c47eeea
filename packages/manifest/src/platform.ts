/**
 * What an image runs on, in Go's names for systems and architectures.
 *
 * @see OCI image-spec v1.1.1, image-index.md, "platform"
 */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** Of the CPU, such as `v7` of arm. */
  readonly variant?: string
  readonly 'os.version'?: string
  readonly 'os.features'?: readonly string[]
}
