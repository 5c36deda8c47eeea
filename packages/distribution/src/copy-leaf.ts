import { canMount, type Fetcher } from '@drayage/content'
import { MEDIA_TYPES, type Descriptor } from '@drayage/manifest'
import type { Repository } from '@drayage/reference'

import { retryingSmall, type CopyContext, type CopySink } from './copy-context.ts'
import { MOUNT_TRIES } from './defaults.ts'
import type { LayerState } from './events.ts'
import { fetchBlob } from './fetch-blob.ts'
import { inSink } from './in-sink.ts'
import { forQuestions } from './retry-policy.ts'
import { runShared } from './run-shared.ts'
import { trySink } from './try-sink.ts'
import { watchOffset } from './watch-offset.ts'

const CONFIG_TYPES: readonly string[] = [MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig]

const sinkNumbers = new WeakMap<CopySink, number>()
let sinkCount = 0

/** Tells sinks apart in keys of transfers: what one copy brings into its sink is not there in another. */
function sinkNumber(sink: CopySink): number {
  const number = sinkNumbers.get(sink) ?? ++sinkCount
  sinkNumbers.set(sink, number)
  return number
}

/** Copies one blob; the same blob in several manifests is copied once. */
export async function copyLeaf(source: Fetcher, sink: CopySink, blob: Descriptor, context: CopyContext): Promise<void> {
  const { signal, retry } = context
  const kind = CONFIG_TYPES.includes(blob.mediaType) ? { isConfig: true } : {}
  const tell = (layer: LayerState): void => context.onEvent({ type: 'layer', digest: blob.digest, layer, ...kind })
  const what = `blob ${blob.digest}`
  const look = (): Promise<boolean> => inSink('store', what, () => sink.has(blob, { signal }), context)
  if (await trySink(look, retryingSmall(what, { ...context, retry: forQuestions(retry) })))
    return context.isRestoring ? undefined : tell({ state: 'exists' })
  tell({ state: 'queued' })
  const from = await mountLeaf(sink, blob, context)
  if (from !== undefined) return tell({ state: 'mounted', from: from.path })
  // Nobody waits for the uploads of another process, so that a registry would be asked in vain.
  const fetching = { retry, isMissing: true, asksAgain: !canMount(sink) }
  await runShared(
    context.transfers,
    `copy ${sinkNumber(sink)} ${blob.digest}`,
    ({ signal: shared, report }) => {
      const { onIngest, hasProgressed } = watchOffset()
      const options = { ...fetching, signal: shared, onState: report, onIngest }
      return trySink(() => fetchBlob(source, sink, blob, options), {
        retry,
        signal: shared,
        hasProgressed,
        onRetry: (event) => report({ state: 'retrying', ...event }),
      })
    },
    { signal, onProgress: tell, onState: (state) => state === 'waiting' && tell({ state: 'waiting' }) },
  )
  tell({ state: 'complete' })
}

/** The repository that the blob was taken from; nothing when it has to be copied. */
async function mountLeaf(sink: CopySink, blob: Descriptor, context: CopyContext): Promise<Repository | undefined> {
  const { signal } = context
  if (!canMount(sink)) return undefined
  const tries = MOUNT_TRIES.find(({ above }) => blob.size > above)?.tries ?? 1
  for (const from of (await context.mountFrom(blob)).slice(0, tries)) {
    try {
      if (await sink.mount(blob, from, { signal })) return from
      await context.onMountRefused(blob, from)
    } catch {
      // Copying the blob works without, and fails with better words.
      signal?.throwIfAborted()
    }
  }
  return undefined
}
