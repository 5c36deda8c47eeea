import fc from 'fast-check'
import { expect, test } from 'vitest'

import { createTransferManager, type TransferContext, type TransferManager } from './index.ts'

type Step =
  | { readonly kind: 'join'; readonly key: number }
  | { readonly kind: 'leave' | 'succeed' | 'fail' | 'release' | 'report'; readonly pick: number }
  | { readonly kind: 'limit'; readonly limit: number }

/** One piece of work as it runs, kept by the test alone. */
interface Work {
  readonly key: number
  readonly id: number
  readonly context: TransferContext<number>
  readonly outcome: PromiseWithResolvers<number>
  holdsSlot: boolean
}

interface Watcher {
  readonly key: number
  readonly controller: AbortController
  outcome: { readonly status: 'fulfilled' | 'rejected'; readonly value: unknown } | undefined
  /** `raced` when its work ended just before, so that either outcome is right. */
  left: 'no' | 'yes' | 'raced'
  readonly seen: number[]
}

const pick = fc.nat(30)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), key: fc.nat(4) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('leave', 'succeed', 'fail', 'release', 'report'), pick }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), limit: fc.nat(3) }) },
)

class Model {
  readonly manager: TransferManager<number>
  readonly works: Work[] = []
  readonly watchers: Watcher[] = []
  readonly #justEnded = new Set<number>()
  readonly #violations: string[] = []
  /** The highest limit since all was settled: a slot that was granted under it is kept. */
  #highestLimit: number
  #nextId = 0
  #reports = 0

  constructor(limit: number) {
    this.manager = createTransferManager<number>({ limit })
    this.#highestLimit = asNumber(limit)
  }

  async do(action: Step): Promise<void> {
    if (action.kind === 'join') return this.#join(action.key)
    if (action.kind === 'limit') {
      this.manager.setLimit(action.limit)
      this.#highestLimit = Math.max(this.#highestLimit, asNumber(action.limit))
      return
    }
    if (action.kind === 'leave') {
      const watcher = choose(this.openWatchers(), action.pick)
      if (watcher !== undefined) watcher.left = this.#justEnded.has(watcher.key) ? 'raced' : 'yes'
      return watcher?.controller.abort(watcher)
    }
    const work = choose(this.works, action.pick)
    if (work === undefined) return
    if (action.kind === 'report') return work.context.report(++this.#reports)
    work.holdsSlot = false
    if (action.kind === 'release') return work.context.release()
    this.#justEnded.add(work.key)
    this.works.splice(this.works.indexOf(work), 1)
    if (action.kind === 'succeed') work.outcome.resolve(work.id)
    else work.outcome.reject(work)
  }

  /** Lets every promise that is ready run its continuations. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#justEnded.clear()
    this.#highestLimit = asNumber(this.manager.limit)
  }

  openWatchers(): Watcher[] {
    return this.watchers.filter((watcher) => watcher.outcome === undefined && watcher.left === 'no')
  }

  #join(key: number): void {
    const watcher: Watcher = { key, controller: new AbortController(), outcome: undefined, left: 'no', seen: [] }
    this.watchers.push(watcher)
    const options = { signal: watcher.controller.signal, onProgress: (count: number) => void watcher.seen.push(count) }
    this.manager
      .run(String(key), (context) => this.#work(key, context), options)
      .then(
        (value) => (watcher.outcome = { status: 'fulfilled', value }),
        (value: unknown) => (watcher.outcome = { status: 'rejected', value }),
      )
  }

  #work(key: number, context: TransferContext<number>): Promise<number> {
    // Thrown here, a failed expectation would be the failure of the work, so it is kept for the check.
    if (context.signal.aborted) this.#violations.push(`cancelled work of ${key} began`)
    if (this.works.some((work) => work.key === key)) this.#violations.push(`two works of ${key} at a time`)
    const outcome = Promise.withResolvers<number>()
    this.works.push({ key, id: this.#nextId++, context, outcome, holdsSlot: true })
    if (this.#held() > this.#highestLimit) this.#violations.push(`work of ${key} began above the limit`)
    return outcome.promise
  }

  #held(): number {
    return this.works.filter((work) => work.holdsSlot).length
  }

  /** What must hold whenever nothing is under way. */
  check(): void {
    const { active, limit, waiting } = this.manager
    expect(this.#violations).toEqual([])
    expect(active).toBe(this.#held())
    if (waiting > 0) expect(active).toBeGreaterThanOrEqual(limit)
    if (limit === 0) expect(waiting).toBe(0)
    for (const work of this.works) {
      const isWatched = this.openWatchers().some((watcher) => watcher.key === work.key)
      // Newcomers on the key of cancelled work watch the next work, not this one.
      if (!isWatched) expect(work.context.signal.aborted).toBe(true)
    }
    for (const watcher of this.watchers) {
      // The last watcher of a work settles when it has stopped, all others at once.
      const isStopping = this.works.some((work) => work.key === watcher.key && work.context.signal.aborted)
      const isOpen = watcher.outcome === undefined
      if (watcher.left === 'yes' && !(isOpen && isStopping))
        expect(watcher.outcome).toEqual({ status: 'rejected', value: watcher })
      expect(watcher.seen).toEqual([...watcher.seen].sort((a, b) => a - b))
    }
  }
}

const asNumber = (limit: number): number => (limit === 0 ? Number.POSITIVE_INFINITY : limit)

function choose<Item>(items: readonly Item[], pickedAt: number): Item | undefined {
  return items.length === 0 ? undefined : items[pickedAt % items.length]
}

test('any order of joins, leaves, ends and limits keeps the limit, cancels only unwatched work and settles everyone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }), async (limit, steps) => {
      const model = new Model(limit)
      for (const [action, settlesAfter] of steps) {
        await model.do(action)
        if (!settlesAfter) continue
        await model.settle()
        model.check()
      }
      await model.settle()
      while (model.works.length > 0) {
        await model.do({ kind: 'succeed', pick: 0 })
        await model.settle()
        model.check()
      }
      expect(model.watchers.filter(({ outcome }) => outcome === undefined)).toEqual([])
      expect(model.manager).toMatchObject({ active: 0, waiting: 0 })
      for (const watcher of model.watchers) {
        if (watcher.left === 'no') expect(watcher.outcome?.value).not.toBe(watcher)
      }
    }),
    { numRuns: 500 },
  )
})

test('watched work is never cancelled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const model = new Model(2)
      const anchors = [0, 1, 2, 3, 4]
      for (const key of anchors) await model.do({ kind: 'join', key })
      const anchorWatchers = new Set(model.watchers)
      for (const action of steps) {
        if (action.kind === 'leave') {
          const leavers = model.openWatchers().filter((watcher) => !anchorWatchers.has(watcher))
          const leaver = choose(leavers, action.pick)
          if (leaver !== undefined) leaver.left = 'yes'
          leaver?.controller.abort(leaver)
        } else if (
          action.kind === 'join' ||
          action.kind === 'report' ||
          action.kind === 'release' ||
          action.kind === 'limit'
        ) {
          await model.do(action)
        }
        await model.settle()
        model.check()
        for (const work of model.works) expect(work.context.signal.aborted).toBe(false)
      }
      while (model.works.length > 0) {
        await model.do({ kind: 'succeed', pick: 0 })
        await model.settle()
      }
      for (const watcher of anchorWatchers) expect(watcher.outcome?.status).toBe('fulfilled')
    }),
    { numRuns: 200 },
  )
})
