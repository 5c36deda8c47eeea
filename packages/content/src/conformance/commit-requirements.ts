import { fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'

import { expectBytes, expectCode, expectSame } from './expect.ts'
import type { IngestRequirement } from './subjects.ts'
import { put, read, sample, sampleOf } from './samples.ts'

const SIZES = [0, 1, 65_535, 65_536, 65_537, 1_048_576, 3_333_333]

/** What goes in comes out, and nothing else does. */
export const commitRequirements: readonly IngestRequirement[] = [
  ...SIZES.map(
    (size) =>
      ({
        name: `gives back ${size} bytes as they were committed`,
        needs: ['reads'],
        given: {},
        async check({ store }) {
          const content = sample(size)
          expectSame('the outcome of commit', await put(store, content), 'committed')
          expectSame('has()', await store.has(content.what), true)
          expectBytes('the content', await read(store, content.what), content.bytes)
        },
      }) satisfies IngestRequirement,
  ),
  {
    needs: ['sha512', 'reads'],
    name: 'takes content with a sha512 digest, also under a key that is not a digest',
    given: {},
    async check({ store }) {
      const { bytes } = sample(100_000)
      const what = { ...sampleOf(bytes).what, digest: digestOf(bytes, 'sha512') }
      for (const key of [what.digest, 'upload-1']) {
        await using ingest = await store.begin(key)
        await ingest.append(fromBytes(bytes))
        await ingest.commit(what)
      }
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'has and fetch do not show content before its commit',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(2_000_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes))
      expectSame('has() before commit', await store.has(what), false)
      await expectCode('fetch() before commit', read(store, what), 'ERR_CONTENT_NOT_FOUND')
    },
  },
  {
    name: 'wrong bytes are refused and dropped, and the ingest continues from offset 0',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes.map((byte, index) => (index === 1_200_000 ? byte ^ 1 : byte))))
      await expectCode('commit() of wrong bytes', ingest.commit(what), 'ERR_DIGEST_MISMATCH')
      expectSame('offset', ingest.offset, 0)
      expectSame('has()', await store.has(what), false)
      await ingest.append(fromBytes(bytes))
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'too many bytes are refused and dropped',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(100_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes, 'x'))
      await expectCode('commit() of long content', ingest.commit(what), 'ERR_CONTENT_LONG')
      expectSame('offset', ingest.offset, 0)
      expectSame('has()', await store.has(what), false)
    },
  },
  {
    name: 'too few bytes are refused and kept, and more may come',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes.subarray(0, 1_100_000)))
      await expectCode('commit() of short content', ingest.commit(what), 'ERR_CONTENT_SHORT')
      expectSame('offset', ingest.offset, 1_100_000)
      expectSame('has()', await store.has(what), false)
      await ingest.append(fromBytes(bytes.subarray(1_100_000)))
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'a second commit of one ingest reports the content as already present',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(10)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes))
      expectSame('the first outcome', await ingest.commit(what), 'committed')
      expectSame('the second outcome', await ingest.commit(what), 'already-present')
    },
  },
  {
    name: 'content that comes again is reported as already present',
    needs: ['looks-before'],
    given: {},
    async check({ store }) {
      const content = sample(70_000)
      expectSame('the first outcome', await put(store, content), 'committed')
      expectSame('the second outcome', await put(store, content), 'already-present')
    },
  },
  {
    name: 'content that is stored needs no more bytes, and may come again',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const content = sample(70_000)
      for (let times = 2; times > 0; times--) await put(store, content)
      await using ingest = await store.begin(content.what.digest)
      expectSame('the outcome without bytes', await ingest.commit(content.what), 'already-present')
      expectBytes('the content', await read(store, content.what), content.bytes)
    },
  },
  {
    name: 'wrong bytes for stored content are refused, and the content stays',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const content = sample(70_000)
      await put(store, content)
      await using ingest = await store.begin(content.what.digest)
      await ingest.append(fromBytes(content.bytes.map((byte) => byte ^ 1)))
      await expectCode('commit() of wrong bytes', ingest.commit(content.what), 'ERR_DIGEST_MISMATCH')
      expectBytes('the content', await read(store, content.what), content.bytes)
    },
  },
  {
    name: 'an ingest is closed after commit and after dispose',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(10)
      const committed = await store.begin(what.digest)
      await committed.append(fromBytes(bytes))
      await committed.commit(what)
      const disposed = await store.begin('other')
      await disposed[Symbol.asyncDispose]()
      await disposed[Symbol.asyncDispose]()
      for (const ingest of [committed, disposed]) {
        await expectCode('append()', ingest.append(fromBytes(bytes)), 'ERR_INGEST_CLOSED')
        await expectCode('reset()', ingest.reset(), 'ERR_INGEST_CLOSED')
      }
      await expectCode('commit()', disposed.commit(sample(11).what), 'ERR_INGEST_CLOSED')
      await committed[Symbol.asyncDispose]()
    },
  },
]
