import { writeBlob } from '../blobs/blobs.ts'
import { expectSame } from './expect.ts'
import type { Requirement } from './requirement.ts'
import { sample } from './samples.ts'
import type { HeldContent, VerifySubject } from './subjects.ts'

const [one, two] = [sample(100_000), sample(3000, 2)]
const given = { contents: [one, two] }

/** Noticing content that went bad. */
export const verifyRequirements: readonly Requirement<HeldContent, VerifySubject>[] = [
  {
    name: 'content that was written is intact, and stays where it is to be set aside',
    given,
    async check({ store }) {
      for (const { what } of given.contents) {
        expectSame('verify()', await store.verify(what), 'intact')
        expectSame('setAside()', await store.setAside(what.digest), false)
        expectSame('has()', await store.has(what), true)
      }
      expectSame('suspects()', (await store.suspects([one.what, two.what])).length, 0)
      const { what } = sample(10, 3)
      expectSame('verify() of other content', await store.verify(what), 'missing')
      expectSame('setAside() of other content', await store.setAside(what.digest), false)
    },
  },
  {
    name: 'content that was damaged is corrupt, then set aside, and intact once it was brought again',
    given,
    async check({ store, damage }) {
      await damage(one.what.digest)
      expectSame('verify()', await store.verify(one.what), 'corrupt')
      expectSame('verify() of what is beside', await store.verify(two.what), 'intact')
      expectSame('setAside()', await store.setAside(one.what.digest), true)
      expectSame('verify() afterwards', await store.verify(one.what), 'missing')
      expectSame('suspects() afterwards', (await store.suspects([one.what, two.what]))[0]?.digest, one.what.digest)
      await writeBlob(store, one.what, one.bytes)
      expectSame('verify() at last', await store.verify(one.what), 'intact')
    },
  },
]
