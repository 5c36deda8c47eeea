import { fromBytes } from '@drayage/bytes'

import { expectBytes, expectCode, expectReason, expectSame, fail } from './expect.ts'
import type { IngestRequirement } from './subjects.ts'
import { breaking, pause, put, read, sample, silentAfter } from './samples.ts'
import { takeTurns } from './take-turns.ts'

const BAD_KEYS = [
  '',
  '.',
  '..',
  '../x',
  'a/b',
  'a\\b',
  '/etc/passwd',
  'sha256:../../x',
  'sha256:',
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(64)}/..`,
  `md5:${'a'.repeat(32)}`,
  'a b',
  'a\0',
  'a\n',
  'é',
  'a'.repeat(129),
]

/** Content on its way in: keys, holders, what is kept, resets, aborts. */
export const ingestRequirements: readonly IngestRequirement[] = [
  {
    name: 'keys that are neither digests nor tokens are refused',
    given: {},
    async check({ store }) {
      for (const key of BAD_KEYS) await expectCode(JSON.stringify(key), store.begin(key), 'ERR_INGEST_KEY')
      for (const key of ['a', 'A_b-9', 'a'.repeat(128), '-']) await (await store.begin(key))[Symbol.asyncDispose]()
    },
  },
  {
    needs: ['resume', 'reads'],
    name: 'dispose keeps the bytes for the next holder of the key',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      for (const end of [0, 1, 65_537, 1_048_576, 1_048_577, 1_500_000]) {
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(bytes.subarray(ingest.offset, end)))
        expectSame('offset', ingest.offset, end)
      }
      await using ingest = await store.begin(what.digest)
      expectSame('offset of the next holder', ingest.offset, 1_500_000)
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'another instance continues where the first one stopped',
    needs: ['reopen', 'reads'],
    given: {},
    async check({ store, reopen }) {
      const { bytes, what } = sample(1_500_000)
      {
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(bytes.subarray(0, 1_234_567)))
      }
      const other = (await reopen?.()) ?? fail('reopen()', undefined, 'another instance')
      await using ingest = await other.begin(what.digest)
      expectSame('offset', ingest.offset, 1_234_567)
      await ingest.append(fromBytes(bytes.subarray(1_234_567)))
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
      expectBytes('the content, by the first instance', await read(store, what), bytes)
    },
  },
  {
    name: 'two holders of one key take turns, holders of other keys do not wait',
    given: {},
    check: ({ store }) => takeTurns(store, store),
  },
  {
    name: 'holders of one key by two instances take turns',
    needs: ['reopen'],
    given: {},
    async check({ store, reopen }) {
      const other = (await reopen?.()) ?? fail('reopen()', undefined, 'another instance')
      await takeTurns(store, other)
    },
  },
  {
    name: 'an aborted wait for a key rejects with the reason and the key is not lost',
    given: {},
    async check({ store }) {
      const first = await store.begin('key')
      const controller = new AbortController()
      const reason = new Error('enough')
      const second = store.begin('key', { signal: controller.signal })
      const third = store.begin('key')
      await pause()
      controller.abort(reason)
      await expectReason('begin()', second, reason)
      await first[Symbol.asyncDispose]()
      await (await third)[Symbol.asyncDispose]()
      await (await store.begin('key'))[Symbol.asyncDispose]()
    },
  },
  {
    needs: ['resume'],
    name: 'an error of the source keeps the bytes that came before it, also for the next holder',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      const reason = new Error('connection lost')
      {
        await using ingest = await store.begin(what.digest)
        await expectReason('append()', ingest.append(breaking(bytes.subarray(0, 1_100_001), reason)), reason)
        expectSame('offset', ingest.offset, 1_100_001)
      }
      await using ingest = await store.begin(what.digest)
      expectSame('offset of the next holder', ingest.offset, 1_100_001)
      await ingest.append(fromBytes(bytes.subarray(1_100_001)))
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
    },
  },
  {
    name: 'an abort during append rejects with the reason and keeps the bytes, also while the source is silent',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(300_000)
      const controller = new AbortController()
      const reason = new Error('enough')
      await using ingest = await store.begin(what.digest)
      const source = silentAfter(bytes.subarray(0, 200_000), () => controller.abort(reason))
      await expectReason('append()', ingest.append(source, { signal: controller.signal }), reason)
      expectSame('offset', ingest.offset, 200_000)
      await ingest.append(fromBytes(bytes.subarray(200_000)))
      await expectReason('commit()', ingest.commit(what, { signal: controller.signal }), reason)
      expectSame('has() after an aborted commit', await store.has(what), false)
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
    },
  },
  {
    name: 'an aborted ingest that is reset leaves no trace',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_200_000)
      {
        await using ingest = await store.begin(what.digest)
        await ingest.append(fromBytes(bytes))
        await ingest.reset()
        expectSame('offset', ingest.offset, 0)
      }
      await using ingest = await store.begin(what.digest)
      expectSame('offset of the next holder', ingest.offset, 0)
      await expectCode('commit()', ingest.commit(what), 'ERR_CONTENT_SHORT')
      expectSame('has()', await store.has(what), false)
    },
  },
  {
    name: 'after a reset other bytes may come',
    needs: ['reads'],
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(1_200_000)
      await using ingest = await store.begin(what.digest)
      await ingest.append(fromBytes(sample(1_300_000, 2).bytes))
      await ingest.reset()
      await ingest.append(fromBytes(bytes))
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'append does not keep the arrays of its source',
    given: {},
    async check({ store }) {
      const { bytes, what } = sample(5_000_000)
      async function* reusing(): AsyncGenerator<Uint8Array> {
        const buffer = new Uint8Array(65_536)
        for (let at = 0; at < bytes.byteLength; at += buffer.byteLength) {
          const part = bytes.subarray(at, at + buffer.byteLength)
          buffer.set(part)
          yield buffer.subarray(0, part.byteLength)
        }
      }
      await using ingest = await store.begin(what.digest)
      await ingest.append(reusing())
      expectSame('the outcome of commit', await ingest.commit(what), 'committed')
    },
  },
  {
    name: 'ingests leave no handle open after commit and dispose',
    needs: ['open-handles'],
    given: {},
    async check({ store, openHandles }) {
      await put(store, sample(1_100_000))
      await pause()
      const before = await openHandles?.()
      expectSame('the kind of the number of handles', typeof before, 'number')
      await put(store, sample(1_100_000, 2))
      const disposed = await store.begin('key')
      await disposed.append(fromBytes('a'))
      await disposed[Symbol.asyncDispose]()
      await pause()
      expectSame('the number of open handles', await openHandles?.(), before)
    },
  },
]
