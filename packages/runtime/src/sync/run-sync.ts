import type { AbortOptions } from '@drayage/bytes'
import { parseSyncFile, selectTags, SyncFileError } from '@drayage/sync'

import type { Runtime } from '../runtime.ts'
import { sideBySide } from '../copy/side-by-side.ts'
import type { SyncImagesOptions, SyncResult } from './sync-result.ts'
import { syncPair } from './sync-pair.ts'
import { planSyncImage, type SyncPair, type SyncPlan } from './sync-plan.ts'
import { listRepositories, listSourceTags, type RetryingOptions } from './sync-requests.ts'
import { openSyncState } from './sync-state.ts'

/** A pair to compare, or one that is known to fail. */
type SyncTask = SyncPair | (SyncResult & { readonly status: 'failed' })

/** Carries out a sync; see `syncImages`. */
export async function* runSync(
  runtime: Runtime,
  text: string,
  options: SyncImagesOptions,
): AsyncGenerator<SyncResult, void, void> {
  const { images, concurrency } = parseSyncFile(text)
  const plans = images.flatMap((image, position) => planSyncImage(runtime, image, `images[${position}]`))
  const { dryRun = false, onEvent = (): void => {} } = options
  const state = await openSyncState(options.stateFile)
  const work = async (task: SyncTask, { signal }: AbortOptions): Promise<SyncResult> => {
    if ('status' in task) return task
    try {
      return await syncPair(runtime, task, { state, dryRun, onEvent, signal })
    } catch (error) {
      signal?.throwIfAborted()
      return { from: task.from, to: task.to, status: 'failed', error }
    }
  }
  try {
    const tasks = onceEach(tasksOf(runtime, plans, { onEvent, signal: options.signal }))
    yield* sideBySide(tasks, work, { limit: concurrency, signal: options.signal })
  } finally {
    await state.save()
  }
}

async function* tasksOf(
  runtime: Runtime,
  plans: readonly SyncPlan[],
  options: RetryingOptions,
): AsyncGenerator<SyncTask, void, void> {
  for (const plan of plans) {
    if (plan.kind === 'images') {
      yield* plan.pairs
      continue
    }
    const { from, to } = plan
    try {
      if (plan.kind === 'tags') {
        const tags = await listSourceTags(runtime, plan.source, options)
        for (const tag of selectTags(tags, plan.filter)) yield plan.pairOf(tag)
      } else {
        const found = await listRepositories(runtime, from, options)
        for (const path of selectTags(found, plan.filter)) yield* tasksOf(runtime, plan.planOf(path), options)
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      yield { from, to, status: 'failed', error }
    }
  }
}

/** Every task once; a second source for a target, which would be changed at every sync, fails. */
async function* onceEach(tasks: AsyncIterable<SyncTask>): AsyncGenerator<SyncTask, void, void> {
  const sources = new Map<string, SyncPair>()
  for await (const task of tasks) {
    if ('status' in task) {
      yield task
      continue
    }
    const { from, to } = task
    const { key } = task.target
    const first = sources.get(key)
    if (first === undefined) {
      sources.set(key, task)
      yield task
    } else if (first.source.key !== task.source.key) {
      const error = new SyncFileError(to, `a second source beside ${first.from}`, 'one')
      yield { from, to, status: 'failed', error }
    }
  }
}
