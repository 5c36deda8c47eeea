import type { AbortOptions } from '@drayage/bytes'

import type { PositionalOutput } from './archive-output.ts'
import { type Member, type MemberWriter, type MemberWriterOptions, whenEnded } from './members.ts'
import { prefetch } from './prefetch.ts'
import { createSlots } from './slots.ts'
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts'
import { type Turn, turnOf } from './turn.ts'
import { writeBlocks } from './write-blocks.ts'

/**
 * Writes members to an output that takes bytes in any order. A member goes to its place as soon as the sizes of those
 * before it are known; until then its bytes wait in a spool. Headers are written last, when each size is known.
 */
export function createPositionalMembers(output: PositionalOutput, options: MemberWriterOptions): MemberWriter {
  const { concurrency, memoryBytes, fail } = options
  const slots = createSlots(concurrency)
  let next: Turn<number> = turnOf(Promise.resolve(0))

  const writeMember = async (member: Member, place: Turn<number>, { signal }: AbortOptions): Promise<number> => {
    const release = await slots.take()
    try {
      signal?.throwIfAborted()
      const source = whenEnded(member.open({ signal }), release)
      await using early = place.isNow
        ? undefined
        : prefetch(source, { directory: output.spoolDirectory, memoryBytes, signal })
      try {
        const start = await place.promise
        const dataStart = start + (await tarHeader(member.name, 0)).byteLength
        let position = dataStart
        const write = (block: Uint8Array): Promise<void> => {
          const at = position
          position += block.byteLength
          return output.writeAt(block, at)
        }
        const size = await writeBlocks(early?.take() ?? source, write, {
          signal,
          ...(member.onBlock && { onBlock: member.onBlock }),
        })
        member.check?.(size)
        await output.writeAt(await tarHeader(member.name, size), start)
        if (tarPadding(size) > 0) await output.writeAt(new Uint8Array(tarPadding(size)), dataStart + size)
        return size
      } catch (error) {
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
      const size = Promise.withResolvers<number>()
      size.promise.catch(() => {})
      if (member.size !== undefined) size.resolve(member.size)
      const end = Promise.all([place.promise, size.promise, tarHeader(member.name, 0)]).then(
        ([start, bytes, header]) => start + header.byteLength + bytes + tarPadding(bytes),
      )
      next = turnOf(end)
      await writeMember(member, place, addOptions).then(size.resolve, (error: unknown) => {
        size.reject(error)
        throw error
      })
    },
    async end() {
      await output.writeAt(TAR_END, await next.promise)
    },
  }
}
