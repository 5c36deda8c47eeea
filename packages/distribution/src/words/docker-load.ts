import type { Digest, ImageId } from '@drayage/digest'
import { familiarReference, type Reference } from '@drayage/reference'

/** An image that came out of an archive. */
export interface LoadedLines {
  /** What it is known by: the digest of its config, or of what its names stand for. */
  readonly image: Digest | ImageId
  /** The names that it got. */
  readonly names: readonly Reference[]
  /** Names that stood for another image before, and which. */
  readonly taken: readonly { readonly name: Reference; readonly from: Digest | ImageId }[]
}

/** What `docker load` prints for an image, a line each. */
export function loadedLines({ image, names, taken }: LoadedLines): string[] {
  return [
    ...taken.map(
      ({ name, from }) =>
        `The image ${familiarReference(name)} already exists, renaming the old one with ID ${from} to empty string`,
    ),
    ...names.map((name) => `Loaded image: ${familiarReference(name)}`),
    ...(names.length === 0 ? [`Loaded image ID: ${image}`] : []),
  ]
}
