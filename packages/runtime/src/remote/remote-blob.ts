import type { AbortOptions, ByteStream } from '@drayage/bytes'
import type { Fetcher } from '@drayage/content'
import { ShortContentError, type Digest } from '@drayage/digest'
import { DEFAULT_RETRY_POLICY, fetchStream } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'
import { RegistryTruncatedError } from '@drayage/registry'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { askAgain, type AskOptions } from './ask-again.ts'
import { openRemote } from './remote.ts'

/**
 * The bytes of a blob in its registry, which fail at their end when they are not those of the digest. A stream that breaks
 * off goes on where it stopped.
 *
 * @throws TransferError `ERR_TRANSFER`
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 */
export async function* remoteBlob(
  runtime: RegistryAccess & TransferSettings,
  repository: Repository,
  digest: Digest,
  options: AskOptions = {},
): ByteStream {
  const { signal, onEvent = (): void => {} } = options
  const { retry = DEFAULT_RETRY_POLICY } = runtime
  const remote = openRemote(runtime, repository)
  const mediaType = 'application/octet-stream'
  const ask = (): Promise<number> => sizeOf(remote, { mediaType, digest }, { signal })
  const size = await askAgain(runtime, `blob ${digest}`, ask, options)
  const what = { mediaType, digest, size }
  yield* fetchStream(remote, what, { signal, retry, onState: (layer) => onEvent({ type: 'layer', digest, layer }) })
}

/** The size that the registry announces; where it announces none, the bytes that come are counted. */
async function sizeOf(source: Fetcher, blob: Omit<Descriptor, 'size'>, { signal }: AbortOptions): Promise<number> {
  let size = 0
  const longest = { ...blob, size: Number.MAX_SAFE_INTEGER }
  try {
    for await (const chunk of source.fetch(longest, { verify: false, signal })) size += chunk.byteLength
  } catch (error) {
    if (error instanceof ShortContentError) return error.actualBytes
    // The bytes are fetched again and verified, so that an end that came too early is found.
    if (!(error instanceof RegistryTruncatedError)) throw error
  }
  return size
}
