import { describe, expect, test } from 'vitest'

import { createTransferManager, type TransferContext, type TransferState } from './index.ts'

type Context = TransferContext<number>

/** Lets every promise that is ready run its continuations. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when the test says so. */
function controlledWork(): {
  readonly work: (context: Context) => Promise<string>
  readonly contexts: Context[]
  readonly finish: (result: string) => void
  readonly fail: (error: Error) => void
} {
  const outcome = Promise.withResolvers<string>()
  const contexts: Context[] = []
  const work = (context: Context): Promise<string> => {
    contexts.push(context)
    return outcome.promise
  }
  return { work, contexts, finish: outcome.resolve, fail: outcome.reject }
}

const never = (): Promise<never> => Promise.reject(new Error('the work of a joiner was done'))

describe('run()', () => {
  test('runs the work of a key once and gives every caller the result', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const runs = [manager.run('k', shared.work), manager.run('k', never), manager.run('k', never)]
    await settle()
    expect(shared.contexts).toHaveLength(1)
    shared.finish('result')
    expect(await Promise.all(runs)).toEqual(['result', 'result', 'result'])
    expect(manager).toMatchObject({ active: 0, waiting: 0 })
  })

  test('gives every caller the error, also one thrown synchronously', async () => {
    const manager = createTransferManager<number>()
    const error = new Error('broken')
    const work = (): Promise<never> => {
      throw error
    }
    const runs = await Promise.allSettled([manager.run('k', work), manager.run('k', never)])
    expect(runs.map((run) => run.status === 'rejected' && run.reason)).toEqual([error, error])
  })

  test('runs work of other keys side by side, and the same key again after its end', async () => {
    const manager = createTransferManager<number>()
    expect(await Promise.all([manager.run('a', async () => 1), manager.run('b', async () => 2)])).toEqual([1, 2])
    expect(await manager.run('a', async () => 3)).toBe(3)
    await expect(manager.run('a', never)).rejects.toThrow('was done')
    expect(await manager.run('a', async () => 4)).toBe(4)
  })

  test('cancels nothing when the first of two watchers leaves', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const controller = new AbortController()
    const first = manager.run('k', shared.work, { signal: controller.signal })
    const second = manager.run('k', never)
    await settle()
    const reason = new Error('first leaves')
    controller.abort(reason)
    await expect(first).rejects.toBe(reason)
    expect(shared.contexts[0]?.signal.aborted).toBe(false)
    shared.finish('result')
    expect(await second).toBe('result')
  })

  test('cancels the work when the last watcher leaves, whose call rejects once the work has stopped', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const [one, two] = [new AbortController(), new AbortController()]
    const runs = [one, two].map((controller) => manager.run('k', shared.work, { signal: controller.signal }))
    await settle()
    one.abort(new Error('one'))
    await expect(runs[0]).rejects.toThrow('one')
    let hasSettled = false
    const last = runs[1]?.finally(() => (hasSettled = true))
    last?.catch(() => {})
    two.abort(new Error('two'))
    await settle()
    expect(shared.contexts[0]?.signal.aborted).toBe(true)
    expect([hasSettled, manager.active]).toEqual([false, 1])
    shared.finish('too late')
    await expect(last).rejects.toThrow('two')
    expect(manager.active).toBe(0)
  })

  test('reports nothing to the last watcher after it has left', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const controller = new AbortController()
    const seen: number[] = []
    const onProgress = (progress: number): void => void seen.push(progress)
    const run = manager.run('k', shared.work, { signal: controller.signal, onProgress })
    await settle()
    controller.abort(new Error('leaves'))
    shared.contexts[0]?.report(1)
    shared.fail(new Error('stopped'))
    await expect(run).rejects.toThrow('leaves')
    expect(seen).toEqual([])
  })

  test('starts over for a newcomer once the cancelled work of its key has stopped', async () => {
    const manager = createTransferManager<number>()
    const [old, fresh] = [controlledWork(), controlledWork()]
    const controller = new AbortController()
    const leaver = manager.run('k', old.work, { signal: controller.signal })
    await settle()
    leaver.catch(() => {})
    controller.abort(new Error('leaves'))
    const states: TransferState[] = []
    const newcomers = [
      manager.run('k', fresh.work, { onState: (state) => states.push(state) }),
      manager.run('k', fresh.work),
    ]
    await settle()
    expect(fresh.contexts).toHaveLength(0)
    old.finish('of the cancelled work')
    await expect(leaver).rejects.toThrow('leaves')
    await settle()
    expect(fresh.contexts).toHaveLength(1)
    expect(states).toEqual(['waiting', 'running'])
    fresh.finish('fresh')
    expect(await Promise.all(newcomers)).toEqual(['fresh', 'fresh'])
  })

  test('lets a newcomer leave while it waits for cancelled work to stop', async () => {
    const manager = createTransferManager<number>()
    const old = controlledWork()
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()]
    const leaver = manager.run('k', old.work, { signal: one.signal })
    await settle()
    leaver.catch(() => {})
    one.abort(new Error('one'))
    const newcomers = [two, three].map((controller) => manager.run('k', never, { signal: controller.signal }))
    two.abort(new Error('two'))
    await expect(newcomers[0]).rejects.toThrow('two')
    old.finish('stopped')
    three.abort(new Error('three'))
    await expect(newcomers[1]).rejects.toThrow('three')
    await expect(leaver).rejects.toThrow('one')
    await settle()
    expect(manager).toMatchObject({ active: 0, waiting: 0 })
  })

  test('rejects with the reason of a signal that has fired before and starts nothing', async () => {
    const manager = createTransferManager<number>()
    const reason = new Error('gone')
    await expect(manager.run('k', never, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(manager.active).toBe(0)
  })

  test('lets a watcher start the same key again when its work ends', async () => {
    const manager = createTransferManager<number>()
    const first = manager.run('k', async () => 1)
    expect(await first.then(() => manager.run('k', async () => 2))).toBe(2)
  })
})

describe('onProgress', () => {
  test('gets every report in order, the last one before the result', async () => {
    const manager = createTransferManager<number>()
    const seen: unknown[] = []
    const work = async ({ report }: Context): Promise<string> => {
      for (const progress of [1, 2, 3]) report(progress)
      return 'end'
    }
    seen.push(await manager.run('k', work, { onProgress: (progress) => seen.push(progress) }))
    expect(seen).toEqual([1, 2, 3, 'end'])
  })

  test('gets the latest report and state at once when its watcher joins late', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const first = manager.run('k', shared.work)
    await settle()
    shared.contexts[0]?.report(1)
    shared.contexts[0]?.report(2)
    const seen: unknown[] = []
    const push = (event: unknown): void => void seen.push(event)
    const late = manager.run('k', never, { onProgress: push, onState: push })
    expect(seen).toEqual([2, 'running'])
    shared.contexts[0]?.report(3)
    expect(seen).toEqual([2, 'running', 3])
    shared.finish('end')
    await Promise.all([first, late])
    shared.contexts[0]?.report(4)
    expect(seen).toEqual([2, 'running', 3])
  })

  test('gets nothing after its watcher has left', async () => {
    const manager = createTransferManager<number>()
    const shared = controlledWork()
    const controller = new AbortController()
    const seen: number[] = []
    const onProgress = (progress: number): void => {
      seen.push(progress)
      if (progress === 2) controller.abort(new Error('enough'))
    }
    const leaver = manager.run('k', shared.work, { signal: controller.signal, onProgress })
    const other = manager.run('k', never)
    await settle()
    for (const progress of [1, 2, 3]) shared.contexts[0]?.report(progress)
    await expect(leaver).rejects.toThrow('enough')
    expect(seen).toEqual([1, 2])
    shared.finish('end')
    expect(await other).toBe('end')
  })

  test('breaks neither the work nor other watchers when it throws', async () => {
    const errors: unknown[] = []
    const manager = createTransferManager<number>({ onCallbackError: (error) => errors.push(error) })
    const silent = createTransferManager<number>()
    const error = new Error('of a callback')
    const throwing = (): never => {
      throw error
    }
    const seen: number[] = []
    const work = async ({ report }: Context): Promise<string> => {
      report(1)
      return 'end'
    }
    const runs = [
      manager.run('k', work, { onProgress: throwing, onState: throwing }),
      manager.run('k', never, { onProgress: (progress) => seen.push(progress) }),
      silent.run('k', work, { onProgress: throwing, onState: throwing }),
    ]
    expect(await Promise.all(runs)).toEqual(['end', 'end', 'end'])
    expect(seen).toEqual([1])
    expect(errors).toEqual([error, error])
  })
})

describe('work that needs no slot to begin', () => {
  const late = { needsSlot: false }

  test('begins at once, and is joined before it waits for its slot', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const holder = controlledWork()
    const first = manager.run('holder', holder.work)
    const seen: unknown[] = []
    const push = (event: unknown): void => void seen.push(event)
    const watch = { onProgress: push, onState: push }
    const shared = manager.run(
      'k',
      async ({ report, acquire }) => {
        report(1)
        await acquire()
        await acquire()
        report(2)
        return manager.active
      },
      { ...late, ...watch },
    )
    await settle()
    expect(seen.splice(0)).toEqual([1, 'waiting'])
    const joined = manager.run('k', never, { ...late, ...watch })
    expect(seen.splice(0)).toEqual([1, 'waiting'])
    expect(manager).toMatchObject({ active: 1, waiting: 1 })
    holder.finish('end')
    expect(await Promise.all([first, shared, joined])).toEqual(['end', 1, 1])
    expect(seen).toEqual(['running', 'running', 2, 2])
    expect(manager).toMatchObject({ active: 0, waiting: 0 })
  })

  test('leaves the queue with its last watcher, and gives back a slot that it did not wait for', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const holder = controlledWork()
    const first = manager.run('holder', holder.work)
    const controller = new AbortController()
    const left = manager.run('k', ({ acquire }) => acquire(), { ...late, signal: controller.signal })
    const hasty = manager.run('l', async ({ acquire }) => void acquire(), late)
    await hasty
    expect(manager.waiting).toBe(2)
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect(manager.waiting).toBe(1)
    holder.finish('end')
    await first
    await settle()
    expect(manager).toMatchObject({ active: 0, waiting: 0 })
  })
})

describe('scope()', () => {
  test('gives each owner keys of its own', async () => {
    const manager = createTransferManager<number>()
    const [one, two] = [{}, {}]
    const works = [controlledWork(), controlledWork(), controlledWork()] as const
    const runs = [
      manager.run('k', works[0].work),
      manager.scope(one).run('k', works[1].work),
      manager.scope(one).run('k', never),
      manager.scope(two).run('k', works[2].work),
    ]
    for (const [index, { finish }] of works.entries()) finish(String(index))
    expect(await Promise.all(runs)).toEqual(['0', '1', '1', '2'])
  })

  test('shares the slots of its manager', async () => {
    const manager = createTransferManager<number>({ limit: 1 })
    const scoped = manager.scope({})
    const works = [controlledWork(), controlledWork()] as const
    const runs = [manager.run('k', works[0].work), scoped.run('k', works[1].work)]
    expect(scoped).toMatchObject({ limit: 1, active: 1, waiting: 1 })
    scoped.setLimit(2)
    expect(manager).toMatchObject({ limit: 2, active: 2, waiting: 0 })
    for (const { finish } of works) finish('end')
    expect(await Promise.all(runs)).toEqual(['end', 'end'])
  })
})
