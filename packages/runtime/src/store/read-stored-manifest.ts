import type { AbortOptions } from '@drayage/bytes'
import { isContentError, readBlob, type Fetcher } from '@drayage/content'
import { isDigestError } from '@drayage/digest'
import { decodeManifest, isManifestError, type DecodedManifest, type Descriptor } from '@drayage/manifest'

/** A stored manifest; `undefined` when it is not here, is damaged, or cannot be read. */
export async function readStoredManifest(
  source: Fetcher,
  what: Descriptor,
  options: AbortOptions = {},
): Promise<DecodedManifest | undefined> {
  try {
    return decodeManifest(await readBlob(source, what, options), what)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (isContentError(error) || isDigestError(error) || isManifestError(error)) return undefined
    throw error
  }
}
