import type { Descriptor } from '@drayage/manifest'

/**
 * Whether an entry of an index is what a builder says of another entry. It names that by its digest, so it is of no use
 * beside a converted one.
 */
export function isAttestation({ annotations, platform }: Descriptor): boolean {
  return (
    annotations?.['vnd.docker.reference.type'] !== undefined ||
    (platform?.os === 'unknown' && platform.architecture === 'unknown')
  )
}
