import { fromBytes } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'

import { expectBytes, expectCode, expectSame } from './expect.ts'
import type { StoreCase } from './harness.ts'
import { listed, put, read, sample, sampleOf } from './samples.ts'

const SIZES = [0, 1, 65_535, 65_536, 65_537, 1_048_576, 3_333_333]

/** What goes in comes out, and nothing else does. */
export const commitCases: readonly StoreCase[] = [
  ...SIZES.map(
    (size) =>
      ({
        name: `gives back ${size} bytes as they were committed`,
        async check({ store }) {
          const content = sample(size)
          expectSame('the outcome of commit', await put(store, content), 'committed')
          expectSame('has()', await store.has(content.what), true)
          expectBytes('the content', await read(store, content.what), content.bytes)
        },
      }) satisfies StoreCase,
  ),
  {
    name: 'takes content with a sha512 digest, also under a key that is no digest',
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
    name: 'P5: has, fetch and list do not show content before its commit',
    async check({ store }) {
      const { bytes, what } = sample(2_000_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes))
      expectSame('has() before commit', await store.has(what), false)
      expectSame('list() before commit', (await listed(store)).length, 0)
      await expectCode('fetch() before commit', read(store, what), 'ERR_CONTENT_NOT_FOUND')
    },
  },
  {
    name: 'P5: wrong bytes are refused and dropped, and the ingest goes on from offset 0',
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
    name: 'P5: too many bytes are refused and dropped',
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
    name: 'P3: a second commit of one ingest tells that the content is there',
    async check({ store }) {
      const { bytes, what } = sample(10)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(bytes))
      expectSame('the first outcome', await ingest.commit(what), 'committed')
      expectSame('the second outcome', await ingest.commit(what), 'already-present')
    },
  },
  {
    name: 'P4: content that comes twice is there once',
    async check({ store }) {
      const content = sample(70_000)
      expectSame('the first outcome', await put(store, content), 'committed')
      expectSame('the second outcome', await put(store, content), 'already-present')
      await using ingest = await store.begin(content.what.digest)
      expectSame('the outcome without bytes', await ingest.commit(content.what), 'already-present')
      expectSame('list()', (await listed(store)).join(), content.what.digest)
      expectBytes('the content', await read(store, content.what), content.bytes)
    },
  },
  {
    name: 'wrong bytes for content that is there are refused, and the content stays',
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
  {
    name: 'delete removes content and tells whether it was there',
    async check({ store }) {
      const content = sample(70_000)
      await put(store, content)
      expectSame('the first delete', await store.delete(content.what.digest), true)
      expectSame('the second delete', await store.delete(content.what.digest), false)
      expectSame('has()', await store.has(content.what), false)
      expectSame('list()', (await listed(store)).length, 0)
      await expectCode('fetch()', read(store, content.what), 'ERR_CONTENT_NOT_FOUND')
      expectSame('commit after delete', await put(store, content), 'committed')
    },
  },
  {
    name: 'list gives every digest with its size',
    async check({ store }) {
      const contents = [0, 1, 70_000].map((length) => sample(length))
      for (const content of contents) await put(store, content)
      const found = new Map<string, number>()
      for await (const { digest, size } of store.list()) found.set(digest, size)
      expectSame('the number of digests', found.size, 3)
      for (const { what } of contents) expectSame(`the size of ${what.digest}`, found.get(what.digest), what.size)
    },
  },
]
