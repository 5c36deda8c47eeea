import type { AbortOptions } from '@drayage/bytes'
import { parseSyncFile, selectTags, SyncFileError } from '@drayage/sync'

import type { Runtime } from './create-runtime.ts'
import { sideBySide } from './side-by-side.ts'
import type { SyncImagesOptions, SyncResult } from './sync-images.ts'
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
  const plans = images.flatMap((image, position) => planSyncImage(image, `images[${position}]`))
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
  const sources = new Map<string, string>()
  for await (const task of tasks) {
    const { from, to } = task
    const first = sources.get(to)
    if (first === undefined || 'status' in task) {
      sources.set(to, first ?? from)
      yield task
    } else if (first !== from) {
      yield { from, to, status: 'failed', error: new SyncFileError(to, `a second source beside ${first}`, 'one') }
    }
  }
}
