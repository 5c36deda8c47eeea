import { type AbortOptions, type ByteStream, observe } from '@drayage/bytes'
import { isDigestError } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { Checker, Fetcher, Ingest, Ingester } from './ports.ts'
import { sizedFrom } from './sized-from.ts'

/** Options of {@link copyBlob}. */
export interface CopyBlobOptions extends AbortOptions {
  /** Told how many bytes of the content the sink has so far, those of earlier runs included. */
  readonly onProgress?: (bytesSoFar: number) => void
}

/**
 * Copies content, and goes on where an earlier copy of it stopped. Nothing is fetched when the sink has it, also when
 * another holder of its ingest brought it while this one waited. A failed copy keeps its bytes, unless they are
 * known to be wrong. When bytes of an earlier run turn out wrong at the end, the copy starts again from offset 0, once.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 * @throws ShortContentError `ERR_CONTENT_SHORT`
 * @throws LongContentError `ERR_CONTENT_LONG`
 * @throws DigestMismatchError `ERR_DIGEST_MISMATCH`
 */
export async function copyBlob(
  source: Fetcher,
  sink: Ingester & Checker,
  what: Descriptor,
  options: CopyBlobOptions = {},
): Promise<'copied' | 'already-present'> {
  const { signal } = options
  if (await sink.has(what, { signal })) return 'already-present'
  await using ingest = await sink.begin(what.digest, { signal })
  if (await sink.has(what, { signal })) {
    if (ingest.offset > 0) await ingest.reset({ signal })
    return 'already-present'
  }
  if (ingest.offset > what.size) await ingest.reset({ signal })
  const resumed = ingest.offset > 0
  await fill(source, ingest, what, options)
  try {
    return outcome(await ingest.commit(what, { signal }))
  } catch (error) {
    if (!resumed || !isWrong(error)) throw error
  }
  await ingest.reset({ signal })
  await fill(source, ingest, what, options)
  return outcome(await ingest.commit(what, { signal }))
}

async function fill(source: Fetcher, ingest: Ingest, what: Descriptor, options: CopyBlobOptions): Promise<void> {
  const { signal, onProgress } = options
  const { offset } = ingest
  if (offset > 0) onProgress?.(offset)
  if (offset === what.size && offset > 0) return
  const bytes = sizedFrom(source.fetch(what, { offset, signal, verify: false }), what.size, offset)
  const counted: ByteStream =
    onProgress === undefined ? bytes : observe(bytes, (totalBytes) => onProgress(offset + totalBytes))
  try {
    await ingest.append(counted, { signal })
  } catch (error) {
    if (isWrong(error)) await ingest.reset()
    throw error
  }
}

/** Whether `error` says that the bytes are not those of the content, so that going on after them is of no use. */
function isWrong(error: unknown): boolean {
  return isDigestError(error) && (error.code === 'ERR_DIGEST_MISMATCH' || error.code === 'ERR_CONTENT_LONG')
}

function outcome(committed: 'committed' | 'already-present'): 'copied' | 'already-present' {
  return committed === 'committed' ? 'copied' : committed
}
