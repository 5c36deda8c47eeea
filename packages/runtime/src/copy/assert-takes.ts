import { DigestChangeError, type PlaceTarget } from '@drayage/distribution'

import { TransportError } from '../errors.ts'
import { isConversion } from './conversion-options.ts'
import { takesIndex, type ChoiceOptions } from './copy-choice.ts'

/**
 * Refuses what a place cannot hold, before anything is written.
 *
 * @throws TransportError `ERR_TRANSPORT`
 * @throws DigestChangeError `ERR_DIGEST_CHANGE`
 */
export function assertTakes({ kind, holds }: PlaceTarget, text: string, options: ChoiceOptions): void {
  if (takesIndex(options) && !holds.index) {
    throw new TransportError('copy several platforms to', text, `${kind} holds no index`)
  }
  if (options.referrers !== undefined && !holds.referrers) {
    const wanted = 'expected a place that does, such as a registry, an OCI layout or an oci-archive'
    throw new TransportError('copy referrers to', text, `${kind} keeps none, ${wanted}`)
  }
  if (options.preserveDigests === true && !holds.manifests) {
    throw new DigestChangeError(text, `${kind} holds no manifest`)
  }
  if (!isConversion(options)) return
  if (!holds.manifests) {
    throw new TransportError('convert for', text, `${kind} keeps neither format nor compression`)
  }
  assertConvertible({ kind, holds }, text, options)
}

function assertConvertible(
  { kind, holds }: Pick<PlaceTarget, 'kind' | 'holds'>,
  text: string,
  options: ChoiceOptions,
): void {
  if (options.index === 'sparse') {
    const found = 'a sparse index keeps its bytes, expected one that may change, full or rewritten'
    throw new TransportError('convert for', text, found)
  }
  if (options.format !== 'v2s1') return
  if (holds.schema1 !== true || takesIndex(options)) {
    const found = takesIndex(options) ? 'an index' : kind
    throw new TransportError('convert for', text, `v2s1 is one image in a registry, not ${found}`)
  }
  if (options.preserveDigests === true) throw new DigestChangeError(text, 'v2s1 is another manifest')
}
