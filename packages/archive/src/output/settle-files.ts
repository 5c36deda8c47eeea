import { encodeTarHeader, paddingOf } from '@drayage/tar'

import type { PositionalOutput } from './archive-output.ts'
import type { Spool } from './spool.ts'
import { OUTPUT_BLOCK_BYTES } from './write-blocks.ts'

/** A file of a tar that is written, at a place that may turn out to be wrong. */
export interface WrittenFile {
  readonly name: string
  /** Where a symbolic link leads, as it is written; absent for a regular file. */
  readonly linkTo?: string | undefined
  /** Where its header is. */
  readonly start: number | undefined
  readonly headerBytes: number
  /** How many of its bytes follow the header. */
  readonly bytesInPlace: number
  /** Its further bytes, for which there was no room. */
  readonly spool: Spool | undefined
}

/** A file that has to move. */
interface Move extends WrittenFile {
  readonly start: number
  readonly size: number
  readonly to: number
}

/**
 * Puts files where they belong: each right after the one before. Resolves to the position after the last one. Nothing is
 * moved when all sizes were as expected.
 */
export async function settleFiles(output: PositionalOutput, files: readonly WrittenFile[]): Promise<number> {
  let end = 0
  const moves: Move[] = []
  for (const [at, file] of files.entries()) {
    const { start = end, headerBytes, bytesInPlace, spool } = file
    const size = bytesInPlace + (spool?.size ?? 0)
    const after = headerBytes + size + paddingOf(size)
    const next = files[at + 1]?.start
    // The padding may be missing when the next file is farther away.
    const isShort = next !== undefined && next !== start + after
    if (start !== end || spool !== undefined || isShort) moves.push({ ...file, start, size, to: end })
    end += after
  }
  // Upward from the last and then downward from the first, so that no move lands on bytes that have yet to move.
  for (const move of moves.toReversed()) if (move.to > move.start) await moveUp(output, move)
  for (const move of moves) if (move.to < move.start) await moveDown(output, move)
  for (const move of moves) await complete(output, move)
  return end
}

async function moveUp(output: PositionalOutput, { start, to, headerBytes, bytesInPlace }: Move): Promise<void> {
  const block = new Uint8Array(OUTPUT_BLOCK_BYTES)
  for (let left = bytesInPlace; left > 0;) {
    const part = block.subarray(0, Math.min(left, OUTPUT_BLOCK_BYTES))
    left -= part.byteLength
    await output.readAt(part, start + headerBytes + left)
    await output.writeAt(part, to + headerBytes + left)
  }
}

async function moveDown(output: PositionalOutput, { start, to, headerBytes, bytesInPlace }: Move): Promise<void> {
  const block = new Uint8Array(OUTPUT_BLOCK_BYTES)
  for (let done = 0; done < bytesInPlace;) {
    const part = block.subarray(0, Math.min(bytesInPlace - done, OUTPUT_BLOCK_BYTES))
    await output.readAt(part, start + headerBytes + done)
    await output.writeAt(part, to + headerBytes + done)
    done += part.byteLength
  }
}

/** Writes what surrounds the bytes of a file that are in place now. */
async function complete(output: PositionalOutput, { to, size, spool, ...file }: Move): Promise<void> {
  await output.writeAt(encodeTarHeader({ ...file, size }), to)
  let position = to + file.headerBytes + file.bytesInPlace
  if (spool !== undefined) {
    for await (const block of spool.read()) {
      await output.writeAt(block, position)
      position += block.byteLength
    }
  }
  if (paddingOf(size) > 0) await output.writeAt(new Uint8Array(paddingOf(size)), position)
}
