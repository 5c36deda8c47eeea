import type { AbortOptions, ByteStream } from '@drayage/bytes'

import { COMPRESSION_ERROR_TYPES } from '../errors.ts'
import { streamJob } from '../pool/stream-job.ts'
import { createWorkerPool } from '../pool/worker-pool.ts'

/** Compressions that the platform does not have. */
export type UnpackCompression = 'bzip2' | 'xz'

/** The jobs of `unpack-worker`. */
export type UnpackJobs = {
  readonly unpack: { readonly params: { readonly compression: UnpackCompression }; readonly result: void }
}

/**
 * Inflates bzip2 and xz in a thread of its own, which ends with the stream: `node:zlib` has its own threads for what it
 * knows, and these two would block the caller's.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA`
 */
export async function* unpack(
  source: ByteStream,
  compression: UnpackCompression,
  { signal }: AbortOptions,
): ByteStream {
  const url = new URL(import.meta.url.endsWith('.ts') ? './unpack-worker.ts' : './unpack-worker.js', import.meta.url)
  const pool = createWorkerPool<UnpackJobs>({ url, size: 1, errorTypes: COMPRESSION_ERROR_TYPES })
  try {
    yield* streamJob(pool, 'unpack', source, { params: { compression }, signal }).stream
  } finally {
    await pool[Symbol.asyncDispose]()
  }
}
