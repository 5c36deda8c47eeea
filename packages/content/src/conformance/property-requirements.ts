import { fromBytes } from '@drayage/bytes'

import { expectBytes, expectSame } from './expect.ts'
import type { IngestRequirement } from './subjects.ts'
import { createRandom, read, sample } from './samples.ts'

const RUNS = 12

/** Holds for any way of writing; each run is the same every time. */
export const propertyRequirements: readonly IngestRequirement[] = [
  {
    name: 'any split of writes gives the same content',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      for (let seed = 0; seed < RUNS; seed++) {
        const random = createRandom(seed)
        const { bytes, what } = sample(random(2_500_000), seed)
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(...split(bytes, random)))
        expectSame('the outcome of commit', await ingest.commit(what), 'committed')
        expectBytes('the content', await read(store, what), bytes)
      }
    },
  },
  {
    needs: ['resume', 'reads'],
    name: 'continuing from any prefix equals a single write',
    given: {},
    async check({ store }) {
      for (let seed = 0; seed < RUNS; seed++) {
        const random = createRandom(1_000 + seed)
        const { bytes, what } = sample(1 + random(2_500_000), 1_000 + seed)
        for (let runs = 1 + random(4); runs > 0; runs--) {
          await using ingest = await store.begin(what.digest)
          const end = ingest.offset + random(bytes.byteLength - ingest.offset + 1)
          await ingest.append(fromBytes(...split(bytes.subarray(ingest.offset, end), random)))
          if (random(2) === 0) await ingest.append(fromBytes())
        }
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(bytes.subarray(ingest.offset)))
        expectSame('the outcome of commit', await ingest.commit(what), 'committed')
        expectBytes('the content', await read(store, what), bytes)
      }
    },
  },
]

/** `bytes` in parts of any length, empty ones included. */
function split(bytes: Uint8Array, random: (below: number) => number): Uint8Array[] {
  const longest = 1 + random(random(2) === 0 ? 200_000 : 1_500_000)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.byteLength;) {
    const part = bytes.subarray(at, at + random(longest + 1))
    parts.push(part)
    at += part.byteLength
  }
  return parts
}
