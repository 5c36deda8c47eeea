import v8 from 'node:v8'

import { createHasher } from '@drayage/digest'

import { CompressedDataError } from '../errors.ts'
import { serveJobs } from '../worker.ts'

/** Jobs that the tests of the pool run. */
export type OddJobs = {
  readonly digest: { readonly params: undefined; readonly result: { readonly digest: string; readonly blocks: number } }
  readonly peekOne: { readonly params: undefined; readonly result: number }
  readonly pours: { readonly params: { readonly chunks: number }; readonly result: number }
  readonly fails: { readonly params: undefined; readonly result: never }
  readonly exits: { readonly params: undefined; readonly result: never }
  readonly throwsLate: { readonly params: undefined; readonly result: never }
  readonly keeps: { readonly params: undefined; readonly result: never }
  readonly litters: { readonly params: undefined; readonly result: number }
  readonly threadId: { readonly params: undefined; readonly result: number }
}

const { threadId } = await import('node:worker_threads')

serveJobs<OddJobs>({
  async digest({ input }) {
    const hasher = createHasher()
    let blocks = 0
    for await (const block of input) {
      hasher.update(block)
      blocks += 1
    }
    return { digest: hasher.digest(), blocks }
  },
  async peekOne({ input }) {
    for await (const block of input) return block.byteLength
    return 0
  },
  async pours({ params, emit }) {
    for (let index = 0; index < params.chunks; index++) await emit(new Uint8Array(1024).fill(index))
    return params.chunks
  },
  async fails() {
    throw new CompressedDataError('zstd', 'corrupt', 'it is odd', { cause: new RangeError('why') })
  },
  async exits() {
    process.exit(7)
  },
  async throwsLate() {
    setImmediate(() => {
      throw new Error('outside of the job')
    })
    return new Promise<never>(() => {})
  },
  async keeps() {
    const kept: object[] = []
    for (;;) kept.push(Array.from({ length: 10_000 }, String))
  },
  async litters() {
    const before = v8.getHeapStatistics().used_heap_size
    // Old enough for the old generation when the job drops them.
    const kept = Array.from({ length: 60_000 }, (_, index) => ({ index, text: `${index} of the litter` }))
    return kept.length === 0 ? 0 : before
  },
  async threadId() {
    return threadId
  },
})
