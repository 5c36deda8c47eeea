import type { AbortOptions } from '@drayage/bytes'
import { pull, type OnEvent, type PullOptions, type PullResult } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import { familiarReference, parseRepository, withTag, type Reference } from '@drayage/reference'

import type { Runtime } from '../create-runtime.ts'
import type { LocalStore } from '../store/local-store.ts'
import { againIfRemoved } from './again-if-removed.ts'
import { openPullSink } from './pull-store.ts'
import { sweepWhenDue } from './sweep-store.ts'

/** Options of {@link pullImage} and {@link pullAllTags}. */
export interface PullImageOptions extends AbortOptions {
  /** That of the runtime by default. */
  readonly platform?: Platform
  readonly onEvent?: OnEvent
}

/**
 * Pulls an image into the local store; see `pull` of `@drayage/distribution` for what is promised and thrown. An image of
 * the store that lost a part is mended.
 *
 * @param name familiar or full; `latest` when it has neither tag nor digest
 */
export async function pullImage(
  runtime: Runtime,
  name: string | Reference,
  options: PullImageOptions = {},
): Promise<PullResult> {
  const { transfers, platform, retry } = runtime
  const { onEvent = (): void => {} } = options
  const store = await runtime.openStore()
  const all = { platform, transfers, ...(retry === undefined ? {} : { retry }), ...options, onEvent }
  const onAgain = (): void => {
    const text = typeof name === 'string' ? name : familiarReference(name)
    onEvent({ type: 'warning', message: `"${text}" was removed while it was pulled, pulling it again` })
  }
  const pulled = await againIfRemoved(() => pullOnce(runtime, store, name, all), { signal: options.signal, onAgain })
  await sweepWhenDue(store, onEvent)
  return pulled
}

async function pullOnce(
  { registry, usedLogins }: Runtime,
  store: LocalStore,
  name: string | Reference,
  options: PullOptions,
): Promise<PullResult> {
  await using sink = openPullSink(store, usedLogins)
  const pulled = await pull(registry, sink, name, options)
  await sink.complete()
  return pulled
}

/** Pulls every tag of a repository, one after another, and stops at the first that fails. */
export async function pullAllTags(
  runtime: Runtime,
  name: string,
  options: PullImageOptions = {},
): Promise<PullResult[]> {
  const repository = parseRepository(name)
  const pulled: PullResult[] = []
  for await (const tag of runtime.registry.repository(repository).tags({ mirrors: true, signal: options.signal })) {
    pulled.push(await pullImage(runtime, withTag(repository, tag), options))
  }
  return pulled
}
