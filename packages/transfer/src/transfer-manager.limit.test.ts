import { describe, expect, test } from 'vitest'

import { createSlots, createTransferManager, type TransferContext, type TransferState } from './index.ts'

type Context = TransferContext<number>

/** Lets every promise that is ready run its continuations. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when the test says so. */
function controlledWork(): {
  readonly work: (context: Context) => Promise<string>
  readonly contexts: Context[]
  readonly finish: (result: string) => void
} {
  const outcome = Promise.withResolvers<string>()
  const contexts: Context[] = []
  const work = (context: Context): Promise<string> => {
    contexts.push(context)
    return outcome.promise
  }
  return { work, contexts, finish: outcome.resolve }
}

describe('limit', () => {
  test('is 0, no limit, by default', async () => {
    const manager = createTransferManager<number>()
    const works = Array.from({ length: 50 }, controlledWork)
    const runs = works.map((shared, index) => manager.run(String(index), shared.work))
    expect(manager).toMatchObject({ limit: 0, active: 50, waiting: 0 })
    for (const shared of works) shared.finish('end')
    await Promise.all(runs)
  })

  test('queues work first come, first served and reports its state to its watchers', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const works = [controlledWork(), controlledWork(), controlledWork()]
    const events: string[] = []
    const runs = works.map((shared, index) =>
      manager.run(String(index), shared.work, { onState: (state) => events.push(`${index} ${state}`) }),
    )
    await settle()
    expect(events).toEqual(['1 waiting', '2 waiting', '0 running'])
    for (const shared of works) {
      shared.finish('end')
      await settle()
    }
    expect(events.slice(3)).toEqual(['1 running', '2 running'])
    await Promise.all(runs)
  })

  test('does not count work that has released its slot early', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const works = [controlledWork(), controlledWork(), controlledWork()]
    const runs = works.map((shared, index) => manager.run(String(index), shared.work))
    await settle()
    works[0]?.contexts[0]?.release()
    works[0]?.contexts[0]?.release()
    await settle()
    expect(works.map((shared) => shared.contexts.length)).toEqual([1, 1, 0])
    works[0]?.finish('end')
    await settle()
    expect(works.map((shared) => shared.contexts.length)).toEqual([1, 1, 0])
    for (const shared of works) shared.finish('end')
    await Promise.all(runs)
  })

  test('raising the limit wakes waiters', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const works = Array.from({ length: 4 }, controlledWork)
    const runs = works.map((shared, index) => manager.run(String(index), shared.work))
    manager.setLimit(3)
    expect(manager).toMatchObject({ limit: 3, active: 3, waiting: 1 })
    await settle()
    expect(works.map((shared) => shared.contexts.length)).toEqual([1, 1, 1, 0])
    for (const shared of works) shared.finish('end')
    await Promise.all(runs)
  })

  test('lowering the limit holds while work waits and lets running work finish', async () => {
    const manager = createTransferManager<number>({ limit: 2 })
    const works = Array.from({ length: 4 }, controlledWork)
    const runs = works.map((shared, index) => manager.run(String(index), shared.work))
    await settle()
    manager.setLimit(1)
    works[0]?.finish('end')
    await settle()
    expect(works.map((shared) => shared.contexts.length)).toEqual([1, 1, 0, 0])
    works[1]?.finish('end')
    await settle()
    expect(works.map((shared) => shared.contexts.length)).toEqual([1, 1, 1, 0])
    for (const shared of works) shared.finish('end')
    await Promise.all(runs)
  })

  test('cancelled work leaves the queue at once and never begins', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const works = [controlledWork(), controlledWork()] as const
    const controller = new AbortController()
    const running = manager.run('a', works[0].work)
    const waiting = manager.run('b', works[1].work, { signal: controller.signal })
    await settle()
    expect(manager.waiting).toBe(1)
    controller.abort(new Error('leaves'))
    expect(manager.waiting).toBe(0)
    await expect(waiting).rejects.toThrow('leaves')
    works[0].finish('end')
    await running
    await settle()
    expect(works[1].contexts).toHaveLength(0)
  })

  test('never begins work whose last watcher leaves as its slot is granted', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const [first, second] = [controlledWork(), controlledWork()]
    const [one, two] = [new AbortController(), new AbortController()]
    const onState = (state: TransferState): void => {
      if (state === 'running') two.abort(new Error('two'))
    }
    const runs = [
      manager.run('a', first.work, { signal: one.signal }),
      manager.run('b', second.work, { signal: two.signal, onState }),
    ]
    one.abort(new Error('one'))
    await expect(runs[0]).rejects.toThrow('one')
    await expect(runs[1]).rejects.toThrow('two')
    await settle()
    expect([first.contexts, second.contexts]).toEqual([[], []])
    expect(manager.active).toBe(0)
  })

  test('can be shared with others through slots', async () => {
    const slots = createSlots(1)
    const manager = createTransferManager<number>({ slots })
    const release = await slots.acquire()
    const run = manager.run('k', async () => 'end')
    expect(manager.waiting).toBe(1)
    release()
    expect(await run).toBe('end')
  })

  test.each([-1, 0.5, Number.NaN])('rejects %j', (limit) => {
    expect(() => createTransferManager({ limit })).toThrow(RangeError)
    expect(() => createTransferManager().setLimit(limit)).toThrow(RangeError)
  })
})
