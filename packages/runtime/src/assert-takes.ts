import { DigestChangeError } from '@drayage/distribution'

import { takesIndex } from './copy-choice.ts'
import type { CopyImageOptions } from './copy-options.ts'
import { TransportError } from './errors.ts'
import type { Transport } from './transport.ts'

/** Places that know what refers to what. */
const KEEPS_REFERRERS: ReadonlySet<Transport['kind']> = new Set(['registry', 'oci', 'oci-archive'])

/**
 * Refuses what a place cannot hold, before anything is written.
 *
 * @throws TransportError `ERR_TRANSPORT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 */
export function assertTakes(to: Transport, target: string, options: CopyImageOptions): void {
  if (takesIndex(options) && (to.kind === 'docker-archive' || to.kind === 'store')) {
    const holder = to.kind === 'store' ? 'the store' : 'a docker-archive'
    throw new TransportError(
      'copy to',
      target,
      `found ${holder} for several platforms, expected a place that holds an index`,
    )
  }
  if (options.referrers !== undefined && !KEEPS_REFERRERS.has(to.kind)) {
    throw new TransportError('copy referrers to', target, 'expected a registry, an OCI layout or an oci-archive')
  }
  if (options.preserveDigests === true && to.kind === 'docker-archive') {
    throw new DigestChangeError(target, 'a docker-archive holds no manifest')
  }
}
