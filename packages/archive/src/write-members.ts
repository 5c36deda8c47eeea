import type { AbortOptions } from '@drayage/bytes'

import { type ArchiveOutput, isPositional } from './archive-output.ts'
import {
  DEFAULT_ARCHIVE_CONCURRENCY,
  DEFAULT_SPOOL_MEMORY_BYTES,
  type DockerArchiveOptions,
} from './docker-archive-writer.ts'
import type { Member } from './members.ts'
import { createPositionalMembers } from './positional-members.ts'
import { createSequentialMembers } from './sequential-members.ts'
import { createSpoolMemory } from './spool-memory.ts'

/** Options of everything that writes a whole archive at once. */
export interface WriteArchiveOptions extends AbortOptions, DockerArchiveOptions {}

/** How many members wait to be written before more of them are asked for. */
const MOST_WAITING = 32

/** Writes what `membersOf` yields, in that order, as one archive. A failure gives up the whole archive. */
export async function writeMembers(
  output: ArchiveOutput,
  membersOf: (options: AbortOptions) => AsyncIterable<Member>,
  options: WriteArchiveOptions,
): Promise<void> {
  const { concurrency = DEFAULT_ARCHIVE_CONCURRENCY, memoryBytes = DEFAULT_SPOOL_MEMORY_BYTES } = options
  const stop = new AbortController()
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal])
  const memberOptions = {
    concurrency,
    memory: createSpoolMemory(memoryBytes),
    fail: (error: unknown) => stop.abort(error),
  }
  const members = isPositional(output)
    ? createPositionalMembers(output, memberOptions)
    : createSequentialMembers(output, memberOptions)
  const waiting = new Set<Promise<void>>()
  try {
    for await (const member of membersOf({ signal })) {
      const written = members.add(member, { signal })
      waiting.add(written)
      written.then(() => waiting.delete(written)).catch(() => {})
      if (waiting.size >= MOST_WAITING) await Promise.race(waiting)
    }
    await Promise.all(waiting)
    await output.finish(await members.end())
    await members.close()
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(waiting)
    await members.close()
    await output.discard().catch(() => {})
    // The first failure is what the others come from.
    throw signal.reason
  }
}
