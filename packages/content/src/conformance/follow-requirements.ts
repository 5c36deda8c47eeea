import { collect, fromBytes } from '@drayage/bytes'

import { canFollow } from '../abilities.ts'
import { fail, expectBytes, expectCode, expectReason } from './expect.ts'
import type { IngestRequirement } from './subjects.ts'
import { pause, sample } from './samples.ts'

/** Reading an ingest while it grows, for stores that can. */
export const followRequirements: readonly IngestRequirement[] = [
  {
    name: 'a follower of an ingest gets its bytes from the first one on, and ends at the commit',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      {
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(bytes.subarray(0, 400_000)))
      }
      await using ingest = await store.begin(what.digest)
      if (!canFollow(ingest)) return fail('the ingest', 'one that cannot be followed', 'one that can')
      const followed = collect(ingest.follow(), { maxBytes: 2_000_000 })
      await ingest.append(fromBytes(bytes.subarray(400_000, 1_200_000)))
      for await (const _ of ingest.follow()) break
      await ingest.append(fromBytes(bytes.subarray(1_200_000)))
      await ingest.commit(what)
      expectBytes('what the follower got', await followed, bytes)
    },
  },
  {
    name: 'a follower rejects when the ingest is reset or disposed, and when its signal fires',
    given: {},
    async check({ store }) {
      await using ingest = await store.begin('key')
      if (!canFollow(ingest)) return fail('the ingest', 'one that cannot be followed', 'one that can')
      const reason = new Error('enough')
      const controller = new AbortController()
      const aborted = collect(ingest.follow({ signal: controller.signal }), { maxBytes: 10 })
      const reset = collect(ingest.follow(), { maxBytes: 10 })
      await ingest.append(fromBytes('a'))
      await pause()
      controller.abort(reason)
      await expectReason('follow() after an abort', aborted, reason)
      const told = expectCode('follow() after reset()', reset, 'ERR_INGEST_CLOSED')
      await ingest.reset()
      await told
      const late = expectCode('follow() after dispose', collect(ingest.follow(), { maxBytes: 10 }), 'ERR_INGEST_CLOSED')
      await pause()
      await ingest[Symbol.asyncDispose]()
      await late
    },
  },
]
