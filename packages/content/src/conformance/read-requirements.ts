import { equalBytes } from '@drayage/bytes'

import { expectBytes, expectCode, expectRangeError, expectReason, expectSame } from './expect.ts'
import type { Requirement } from './requirement.ts'
import { pause, read, sample } from './samples.ts'
import type { FetchSubject, HasSubject, HeldContent } from './subjects.ts'

const large = sample(2_500_000)
const medium = sample(200_000, 2)
const small = sample(100, 3)
const missing = sample(100, 4)

/** Reading: ranges, verification, early ends. */
export const fetchRequirements: readonly Requirement<HeldContent, FetchSubject>[] = [
  {
    name: 'fetch gives the content, whatever its size',
    given: { contents: [1, 65_535, 65_536, 65_537, 1_048_576].map((size) => sample(size)) },
    async check({ source }) {
      for (const size of [1, 65_535, 65_536, 65_537, 1_048_576]) {
        const { bytes, what } = sample(size)
        expectBytes(`content of ${size} bytes`, await read(source, what), bytes)
      }
    },
  },
  {
    name: 'fetch starts at any offset from 0 to the size',
    given: { contents: [large] },
    async check({ source }) {
      for (const offset of [0, 1, 65_536, 1_048_575, 1_048_576, 2_499_999, 2_500_000]) {
        const found = await read(source, large.what, { offset })
        expectBytes(`the bytes from ${offset}`, found, large.bytes.subarray(offset))
      }
    },
  },
  {
    name: 'fetch refuses an offset outside of the content',
    given: { contents: [small] },
    async check({ source }) {
      for (const offset of [-1, 101, 0.5, Number.NaN]) {
        await expectRangeError(`offset ${offset}`, read(source, small.what, { offset }))
      }
    },
  },
  {
    name: 'fetch does not take content of another size for the wanted one',
    needs: ['exact-sizes'],
    given: { contents: [small] },
    async check({ source }) {
      for (const verify of [true, false]) {
        const other = (size: number): Promise<Uint8Array> => read(source, { ...small.what, size }, { verify })
        await expectCode('fetch() of a smaller size', other(99), 'ERR_CONTENT_LONG')
        await expectCode('fetch() of a larger size', other(101), 'ERR_CONTENT_SHORT')
      }
    },
  },
  {
    name: 'fetch of missing content is ERR_CONTENT_NOT_FOUND, at any offset',
    given: { contents: [small] },
    async check({ source }) {
      await expectCode('fetch()', read(source, missing.what), 'ERR_CONTENT_NOT_FOUND')
      await expectCode('fetch() from 50', read(source, missing.what, { offset: 50 }), 'ERR_CONTENT_NOT_FOUND')
    },
  },
  {
    name: 'a reader may change the bytes that it got',
    given: { contents: [medium] },
    async check({ source }) {
      for await (const chunk of source.fetch(medium.what, { verify: false })) chunk.fill(0)
      expectBytes('the content', await read(source, medium.what), medium.bytes)
    },
  },
  {
    name: 'several readers read the same content side by side',
    given: { contents: [large] },
    async check({ source }) {
      const all = await Promise.all([1, 2, 3].map(() => read(source, large.what)))
      expectSame(
        'equal content',
        all.every((found) => equalBytes(found, large.bytes)),
        true,
      )
    },
  },
  {
    name: 'a fetch that stops early, fails or ends leaves no handle open',
    needs: ['open-handles', 'exact-sizes'],
    given: { contents: [large] },
    async check({ source, openHandles }) {
      const { what } = large
      await pause()
      const before = await openHandles?.()
      expectSame('the kind of the number of handles', typeof before, 'number')
      for await (const _ of source.fetch(what)) break
      await read(source, what)
      await expectCode('fetch() of a smaller size', read(source, { ...what, size: 99 }), 'ERR_CONTENT_LONG')
      const controller = new AbortController()
      const reason = new Error('enough')
      const aborted = (async () => {
        for await (const _ of source.fetch(what, { signal: controller.signal })) controller.abort(reason)
      })()
      await expectReason('fetch() after an abort', aborted, reason)
      await pause()
      expectSame('the number of open handles', await openHandles?.(), before)
    },
  },
  {
    name: 'fetch rejects with the reason of its signal, also while it gives bytes',
    given: { contents: [large] },
    async check({ source }) {
      const reason = new Error('enough')
      const early = read(source, large.what, { signal: AbortSignal.abort(reason) })
      await expectReason('fetch() after an abort', early, reason)
      const controller = new AbortController()
      const late = (async () => {
        for await (const _ of source.fetch(large.what, { signal: controller.signal })) controller.abort(reason)
      })()
      await expectReason('fetch() during an abort', late, reason)
    },
  },
]

/** Telling what is stored. */
export const hasRequirements: readonly Requirement<HeldContent, HasSubject>[] = [
  {
    name: 'has distinguishes stored content from missing content',
    given: { contents: [small, medium] },
    async check({ source }) {
      for (const { what } of [small, medium]) expectSame('has()', await source.has(what), true)
      expectSame('has() of missing content', await source.has(missing.what), false)
    },
  },
  {
    name: 'has does not take content of another size for the wanted one',
    given: { contents: [small] },
    async check({ source }) {
      for (const size of [99, 101]) {
        expectSame(`has() of ${size} bytes`, await source.has({ ...small.what, size }), false)
      }
    },
  },
  {
    name: 'has rejects with the reason of its signal',
    given: { contents: [small] },
    async check({ source }) {
      const reason = new Error('enough')
      await expectReason('has()', source.has(small.what, { signal: AbortSignal.abort(reason) }), reason)
    },
  },
]
