import type { AbortOptions, ByteStream } from '@drayage/bytes'

import type { ArchiveBytes } from './archive-bytes.ts'
import type { TarMember } from './tar-contents.ts'

/** Zeros of holes come in blocks of this many bytes. */
const HOLE_BYTES = 262_144

/** The bytes of a sparse file from one of its positions to another: what is stored of it, and zeros between. */
export async function* openSparse(
  bytes: ArchiveBytes,
  { start, pieces = [] }: Pick<TarMember, 'start' | 'pieces'>,
  from: number,
  to: number,
  options: AbortOptions = {},
): ByteStream {
  let position = from
  let stored = start
  for (const piece of pieces) {
    const end = Math.min(piece.offset + piece.length, to)
    if (end > position) {
      yield* zeros(Math.min(piece.offset, to) - position, options)
      position = Math.max(position, piece.offset)
      const at = stored + position - piece.offset
      yield* bytes.open(at, at + end - position, options)
      position = end
    }
    stored += piece.length
    if (position >= to) return
  }
  yield* zeros(to - position, options)
}

async function* zeros(count: number, { signal }: AbortOptions): ByteStream {
  for (let left = count; left > 0; left -= HOLE_BYTES) {
    signal?.throwIfAborted()
    yield new Uint8Array(Math.min(left, HOLE_BYTES))
  }
}
