import { tmpdir } from 'node:os'

import type { AbortOptions } from '@drayage/bytes'

import type { SequentialOutput } from './archive-output.ts'
import { type Member, type MemberWriter, type MemberWriterOptions, whenEnded } from './members.ts'
import { prefetch } from './prefetch.ts'
import { createSlots } from './slots.ts'
import { TAR_END, tarHeader, tarPadding } from './tar-header.ts'
import { type Turn, turnOf } from './turn.ts'
import { writeBlocks } from './write-blocks.ts'

/**
 * Writes members to an output that takes bytes only in order. A member of known size whose turn it is streams straight
 * through; the bytes of others, and of those whose size only their end tells, wait in a spool.
 */
export function createSequentialMembers(output: SequentialOutput, options: MemberWriterOptions): MemberWriter {
  const { concurrency, memory, fail } = options
  const slots = createSlots(concurrency)
  let next: Turn<void> = turnOf(Promise.resolve())
  let total = 0
  const put = async (bytes: Uint8Array): Promise<void> => {
    total += bytes.byteLength
    await output.write(bytes)
  }

  const writeMember = async (member: Member, turn: Turn<void>, { signal }: AbortOptions): Promise<void> => {
    const release = await slots.take()
    try {
      signal?.throwIfAborted()
      const source = whenEnded(member.open({ signal }), release)
      const isDirect = turn.isNow && member.size !== undefined
      await using early = isDirect ? undefined : prefetch(source, { directory: tmpdir(), memory, signal })
      try {
        await turn.promise
        const size = member.size ?? (await early?.size()) ?? 0
        await put(await tarHeader(member, size))
        const bytes = await writeBlocks(early?.take() ?? source, put, {
          signal,
          ...(member.onBlock && { onBlock: member.onBlock }),
        })
        member.check?.(bytes)
        if (tarPadding(bytes) > 0) await put(new Uint8Array(tarPadding(bytes)))
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
      const written = writeMember(member, next, addOptions)
      next = turnOf(written)
      await written
    },
    async end() {
      await next.promise
      await put(TAR_END)
      return total
    },
    async close() {},
  }
}
