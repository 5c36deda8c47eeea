import type { AbortOptions } from '@drayage/bytes'

import type { PositionalOutput } from './archive-output.ts'
import { type Member, type MemberWriter, type MemberWriterOptions, whenEnded } from './members.ts'
import { type PlacedMember, placedSize, settleMembers } from './placed-member.ts'
import { prefetch } from './prefetch.ts'
import { createSlots } from './slots.ts'
import { createSpool, type Spool } from './spool.ts'
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts'
import { type Turn, turnOf } from './turn.ts'
import { writeBlocks } from './write-blocks.ts'

/**
 * Writes members to an output that takes bytes in any order. A member goes to its place as soon as the sizes of those
 * before it are known or guessed; until then its bytes wait in a spool. Headers are written last, when each size is
 * known. Where a guess was wrong, members are moved at the end.
 */
export function createPositionalMembers(output: PositionalOutput, options: MemberWriterOptions): MemberWriter {
  const { concurrency, memory, fail } = options
  const slots = createSlots(concurrency)
  const placed: (PlacedMember | undefined)[] = []
  const spools: Spool[] = []
  let next: Turn<number> = turnOf(Promise.resolve(0))

  /** Writes the bytes of a member after its header, as far as there is room, and the others into a spool. */
  const writeBytes = async (
    member: Member,
    start: number,
    source: AsyncIterable<Uint8Array>,
    signal: AbortSignal | undefined,
  ): Promise<PlacedMember> => {
    const headerBytes = (await tarHeader(member, 0)).byteLength
    const room = member.size === undefined && member.sizeHint !== undefined ? member.sizeHint : Infinity
    let bytesInPlace = 0
    let excess: Spool | undefined
    const write = async (block: Uint8Array): Promise<void> => {
      const fitting = block.subarray(0, Math.max(0, room - bytesInPlace))
      if (fitting.byteLength > 0) {
        const at = start + headerBytes + bytesInPlace
        bytesInPlace += fitting.byteLength
        await output.writeAt(fitting, at)
      }
      if (fitting.byteLength === block.byteLength) return
      if (excess === undefined) spools.push((excess = createSpool(output.spoolDirectory, memory)))
      await excess.append(block.slice(fitting.byteLength))
    }
    const size = await writeBlocks(source, write, { signal, ...(member.onBlock && { onBlock: member.onBlock }) })
    member.check?.(size)
    return { name: member.name, linkTo: member.linkTo, start, headerBytes, bytesInPlace, excess }
  }

  const writeMember = async (member: Member, place: Turn<number>, { signal }: AbortOptions): Promise<PlacedMember> => {
    // The largest first, since it takes longest, as long as it need not wait for its place in a spool.
    const release = await slots.take(() => (place.isNow ? (member.size ?? member.sizeHint ?? 0) : -1))
    try {
      signal?.throwIfAborted()
      const source = whenEnded(member.open({ signal }), release)
      await using early = place.isNow
        ? undefined
        : prefetch(source, { directory: output.spoolDirectory, memory, signal })
      try {
        const written = await writeBytes(member, await place.promise, early?.take() ?? source, signal)
        const { start, headerBytes } = written
        const size = placedSize(written)
        await output.writeAt(await tarHeader(member, size), start)
        if (tarPadding(size) > 0 && written.excess === undefined) {
          await output.writeAt(new Uint8Array(tarPadding(size)), start + headerBytes + size)
        }
        return written
      } catch (error) {
        // Before the early bytes are given up, which waits for their source.
        fail(error)
        throw error
      }
    } catch (error) {
      fail(error)
      throw error
    } finally {
      release()
    }
  }

  return {
    async add(member, addOptions) {
      const place = next
      const at = placed.push(undefined) - 1
      const size = Promise.withResolvers<number>()
      size.promise.catch(() => {})
      const expected = member.size ?? member.sizeHint
      if (expected !== undefined) size.resolve(expected)
      const end = Promise.all([place.promise, size.promise, tarHeader(member, 0)]).then(
        ([start, bytes, header]) => start + header.byteLength + bytes + tarPadding(bytes),
      )
      next = turnOf(end)
      try {
        const written = await writeMember(member, place, addOptions)
        placed[at] = written
        size.resolve(placedSize(written))
      } catch (error) {
        size.reject(error)
        throw error
      }
    },
    async end() {
      const end = await settleMembers(
        output,
        placed.filter((member) => member !== undefined),
      )
      await output.writeAt(TAR_END, end)
      return end + TAR_END.byteLength
    },
    async close() {
      for (const spool of spools.splice(0)) await spool[Symbol.asyncDispose]()
    },
  }
}
