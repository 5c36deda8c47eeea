import type { PositionalOutput } from './archive-output.ts'
import type { Spool } from './spool.ts'
import { tarHeader, type TarName, tarPadding } from './tar-header.ts'
import { BLOCK_BYTES } from './write-blocks.ts'

/** A member that is written, at a place that may turn out to be wrong. */
export interface PlacedMember extends TarName {
  /** Where its header is. */
  readonly start: number
  readonly headerBytes: number
  /** How many of its bytes follow the header. */
  readonly bytesInPlace: number
  /** Its further bytes, which there was no room for. */
  readonly excess?: Spool | undefined
}

/** The bytes of a member itself. */
export function placedSize(member: PlacedMember): number {
  return member.bytesInPlace + (member.excess?.size ?? 0)
}

/**
 * Puts members where they belong: each right after the one before. Resolves to the position after the last one. Nothing
 * is moved when all sizes were as expected.
 */
export async function settleMembers(output: PositionalOutput, members: readonly PlacedMember[]): Promise<number> {
  let end = 0
  const moves: { readonly member: PlacedMember; readonly to: number }[] = []
  for (const member of members) {
    if (member.start !== end || member.excess !== undefined || isShort(members, member)) moves.push({ member, to: end })
    const size = placedSize(member)
    end += member.headerBytes + size + tarPadding(size)
  }
  // Upward from the last and then downward from the first, so that no move lands on bytes that have yet to move.
  for (const { member, to } of moves.toReversed()) if (to > member.start) await moveUp(output, member, to)
  for (const { member, to } of moves) if (to < member.start) await moveDown(output, member, to)
  for (const { member, to } of moves) await complete(output, member, to)
  return end
}

/** Whether the member after this one is farther away than its end, so that its padding may be missing. */
function isShort(members: readonly PlacedMember[], member: PlacedMember): boolean {
  const next = members[members.indexOf(member) + 1]
  const size = placedSize(member)
  return next !== undefined && next.start !== member.start + member.headerBytes + size + tarPadding(size)
}

async function moveUp(output: PositionalOutput, member: PlacedMember, to: number): Promise<void> {
  const from = member.start + member.headerBytes
  const target = to + member.headerBytes
  const block = new Uint8Array(BLOCK_BYTES)
  for (let left = member.bytesInPlace; left > 0;) {
    const part = block.subarray(0, Math.min(left, BLOCK_BYTES))
    left -= part.byteLength
    await output.readAt(part, from + left)
    await output.writeAt(part, target + left)
  }
}

async function moveDown(output: PositionalOutput, member: PlacedMember, to: number): Promise<void> {
  const from = member.start + member.headerBytes
  const target = to + member.headerBytes
  const block = new Uint8Array(BLOCK_BYTES)
  for (let done = 0; done < member.bytesInPlace;) {
    const part = block.subarray(0, Math.min(member.bytesInPlace - done, BLOCK_BYTES))
    await output.readAt(part, from + done)
    await output.writeAt(part, target + done)
    done += part.byteLength
  }
}

/** Writes what surrounds the bytes of a member that are in place now. */
async function complete(output: PositionalOutput, member: PlacedMember, start: number): Promise<void> {
  const size = placedSize(member)
  await output.writeAt(await tarHeader(member, size), start)
  let position = start + member.headerBytes + member.bytesInPlace
  if (member.excess !== undefined) {
    for await (const block of member.excess.read()) {
      await output.writeAt(block, position)
      position += block.byteLength
    }
  }
  if (tarPadding(size) > 0) await output.writeAt(new Uint8Array(tarPadding(size)), position)
}
