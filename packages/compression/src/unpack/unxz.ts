import { fromWebStream, rechunk, toWebStream, type ByteStream } from '@drayage/bytes'
import xz from 'xz-decompress'

import { CompressedDataError } from '../errors.ts'

/** Bytes of the blocks that come out. */
const OUTPUT_BYTES = 262_144

/**
 * Inflates xz streams, one after another, and checks their checksums. Holds a dictionary, of 64 MiB at most. One stream is
 * inflated at a time in a thread: the next one waits.
 *
 * @throws CompressedDataError `ERR_COMPRESSED_DATA` also for what the decoder does not have: SHA-256 checks, filters for
 * programs, and larger dictionaries
 */
export async function* unxz(source: ByteStream): ByteStream {
  let failure: { readonly error: unknown } | undefined
  async function* input(): ByteStream {
    try {
      // The decoder takes an empty chunk for the end.
      for await (const chunk of source) if (chunk.byteLength > 0) yield chunk
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  try {
    yield* rechunk(fromWebStream(new xz.XzReadableStream(toWebStream(input()))), OUTPUT_BYTES)
  } catch (cause) {
    if (failure !== undefined) throw failure.error
    throw new CompressedDataError('xz', 'corrupt', 'it is damaged, ends too early or uses a rare feature', { cause })
  }
}
