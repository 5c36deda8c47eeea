import { DigestChangeError } from '@drayage/distribution'

import { takesIndex } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import type { TargetPlace } from './copy-target.ts'
import { TransportError } from '../errors.ts'

/** Places that know what refers to what. */
const KEEPS_REFERRERS: ReadonlySet<TargetPlace['kind']> = new Set(['registry', 'oci', 'oci-archive'])

/** How messages call a place that holds images and no index. */
const HOLDS_ONE: ReadonlyMap<TargetPlace['kind'], string> = new Map([
  ['store', 'the store'],
  ['docker-archive', 'a docker-archive'],
  ['docker-daemon', 'a Docker Engine'],
])

/**
 * Refuses what a place cannot hold, before anything is written.
 *
 * @throws TransportError `ERR_TRANSPORT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 */
export function assertTakes(to: TargetPlace, target: string, options: CopyImageOptions): void {
  const holder = HOLDS_ONE.get(to.kind)
  if (takesIndex(options) && holder !== undefined) {
    throw new TransportError(
      'copy to',
      target,
      `found ${holder} for several platforms, expected a place that holds an index`,
    )
  }
  if (options.referrers !== undefined && !KEEPS_REFERRERS.has(to.kind)) {
    throw new TransportError('copy referrers to', target, 'expected a registry, an OCI layout or an oci-archive')
  }
  if (options.preserveDigests === true && holder !== undefined && to.kind !== 'store') {
    throw new DigestChangeError(target, `${holder} holds no manifest`)
  }
}
