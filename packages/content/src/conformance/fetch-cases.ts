import { expectBytes, expectCode, expectRangeError, expectReason, expectSame } from './expect.ts'
import type { StoreCase } from './harness.ts'
import { pause, put, read, sample } from './samples.ts'

/** Reading: ranges, verification, early ends. */
export const fetchCases: readonly StoreCase[] = [
  {
    name: 'fetch starts at any offset from 0 to the size',
    async check({ store }) {
      const { bytes, what } = sample(2_100_000)
      await put(store, { bytes, what })
      for (const offset of [0, 1, 65_536, 1_048_575, 1_048_576, 2_099_999, 2_100_000]) {
        expectBytes(`the bytes from ${offset}`, await read(store, what, { offset }), bytes.subarray(offset))
      }
    },
  },
  {
    name: 'fetch refuses an offset that is no place in the content',
    async check({ store }) {
      const content = sample(100)
      await put(store, content)
      for (const offset of [-1, 101, 0.5, Number.NaN]) {
        await expectRangeError(`offset ${offset}`, read(store, content.what, { offset }))
      }
    },
  },
  {
    name: 'has and fetch do not take content of another size for the wanted one',
    async check({ store }) {
      const { bytes, what } = sample(100)
      await put(store, { bytes, what })
      expectSame('has() of a smaller size', await store.has({ ...what, size: 99 }), false)
      expectSame('has() of a larger size', await store.has({ ...what, size: 101 }), false)
      for (const verify of [true, false]) {
        await expectCode(
          'fetch() of a smaller size',
          read(store, { ...what, size: 99 }, { verify }),
          'ERR_CONTENT_LONG',
        )
        await expectCode(
          'fetch() of a larger size',
          read(store, { ...what, size: 101 }, { verify }),
          'ERR_CONTENT_SHORT',
        )
      }
    },
  },
  {
    name: 'fetch of what is not there is ERR_CONTENT_NOT_FOUND, at any offset',
    async check({ store }) {
      const { what } = sample(100)
      expectSame('has()', await store.has(what), false)
      await expectCode('fetch()', read(store, what), 'ERR_CONTENT_NOT_FOUND')
      await expectCode('fetch() from 50', read(store, what, { offset: 50 }), 'ERR_CONTENT_NOT_FOUND')
      expectSame('delete()', await store.delete(what.digest), false)
    },
  },
  {
    name: 'a reader may change the bytes that it got',
    async check({ store }) {
      const { bytes, what } = sample(200_000)
      await put(store, { bytes, what })
      for await (const chunk of store.fetch(what, { verify: false })) chunk.fill(0)
      expectBytes('the content', await read(store, what), bytes)
    },
  },
  {
    name: 'several readers read the same content side by side',
    async check({ store }) {
      const { bytes, what } = sample(1_500_000)
      await put(store, { bytes, what })
      for (const found of await Promise.all([read(store, what), read(store, what), read(store, what)])) {
        expectBytes('the content', found, bytes)
      }
    },
  },
  {
    name: 'a fetch that stops early, fails or ends leaves no handle open',
    needs: 'openHandles',
    async check({ store, openHandles }) {
      const { bytes, what } = sample(2_500_000)
      await put(store, { bytes, what })
      await pause()
      const before = await openHandles?.()
      for await (const _ of store.fetch(what)) break
      await read(store, what)
      await expectCode('fetch() of a smaller size', read(store, { ...what, size: 99 }), 'ERR_CONTENT_LONG')
      const controller = new AbortController()
      const reason = new Error('enough')
      const aborted = (async () => {
        for await (const _ of store.fetch(what, { signal: controller.signal })) controller.abort(reason)
      })()
      await expectReason('fetch() after an abort', aborted, reason)
      await pause()
      expectSame('the number of open handles', await openHandles?.(), before)
    },
  },
  {
    name: 'every call rejects with the reason of a signal that fired before',
    async check({ store }) {
      const { bytes, what } = sample(10)
      await put(store, { bytes, what })
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await expectReason('fetch()', read(store, what, { signal }), reason)
      await expectReason('has()', store.has(what, { signal }), reason)
      await expectReason('begin()', store.begin(what.digest, { signal }), reason)
      await expectReason('delete()', store.delete(what.digest, { signal }), reason)
      await expectReason(
        'list()',
        (async () => {
          for await (const _ of store.list({ signal }));
        })(),
        reason,
      )
      expectSame('has() afterwards', await store.has(what), true)
    },
  },
]
