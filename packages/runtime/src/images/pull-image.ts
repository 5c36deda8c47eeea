import type { AbortOptions } from '@drayage/bytes'
import { pull, type OnEvent, type PullOptions, type PullResult } from '@drayage/distribution'
import type { Descriptor, Platform } from '@drayage/manifest'
import {
  familiarReference,
  parseReference,
  parseRepository,
  validateRepositoryName,
  withTag,
  type Reference,
} from '@drayage/reference'

import type { Runtime } from '../runtime.ts'
import { remoteTags } from '../remote/list-remote.ts'
import { noteUse } from '../store/note-use.ts'
import type { Store } from '../store/store.ts'
import { foreignLayersOf } from '../copy/foreign-layers.ts'
import { againIfRemoved } from './again-if-removed.ts'
import { recordSources } from './mount-sources.ts'
import { openPullSink } from './pull-store.ts'
import { sweepWhenDue } from './sweep-store.ts'

/** Options of {@link pullImage} and {@link pullAllTags}. */
export interface PullImageOptions extends AbortOptions {
  /** Which images of an index come, for each platform the best match; that for the runtime's platform by default. */
  readonly platforms?: readonly Platform[] | undefined
  /** Brings all that an index lists, and fails where it is not there; `false` by default. */
  readonly allPlatforms?: boolean | undefined
  /** The operating system that every image must be for, such as `linux`; any by default. */
  readonly system?: string
  readonly onEvent?: OnEvent
}

/**
 * Pulls an image into the local store; see `pull` of `@drayage/distribution` for what is promised and thrown. What the
 * store has of the same index stays, and an image of the store that lost a part is mended. A name with a digest keeps what
 * it stands for, as a tag does.
 *
 * @param name familiar or full; `latest` when it has neither tag nor digest
 */
export async function pullImage(
  runtime: Runtime,
  name: string | Reference,
  options: PullImageOptions = {},
): Promise<PullResult> {
  const { transfers, platform, retry, requireSchema2 } = runtime
  const { onEvent = (): void => {} } = options
  const store = await runtime.openStore()
  const all = { platform, transfers, requireSchema2, ...(retry === undefined ? {} : { retry }), ...options, onEvent }
  const onAgain = (): void => {
    const text = typeof name === 'string' ? name : familiarReference(name)
    onEvent({ type: 'warning', message: `"${text}" was removed while it was pulled, pulling it again` })
  }
  const pulled = await againIfRemoved(() => pullOnce(runtime, store, name, all), { signal: options.signal, onAgain })
  await sweepWhenDue(store, onEvent)
  return pulled
}

async function pullOnce(
  runtime: Runtime,
  store: Store,
  name: string | Reference,
  options: PullOptions,
): Promise<PullResult> {
  const { registry, usedLogins } = runtime
  await using sink = openPullSink(store)
  const target = typeof name === 'string' ? parseReference(name) : name
  const onArrived = (content: readonly Descriptor[]): Promise<void> =>
    recordSources({ store, logins: usedLogins, target }, content, { signal: options.signal })
  const foreignLayers = foreignLayersOf(runtime, target.domain)
  const pulled = await pull(registry, sink, name, { ...options, foreignLayers, onArrived })
  await sink.complete()
  await noteUse(store, pulled.target, { signal: options.signal })
  return pulled
}

/**
 * Pulls every tag of a repository, one after another, and stops at the first that fails.
 *
 * @throws ReservedNameError `ERR_REFERENCE_RESERVED` for `scratch`
 */
export async function pullAllTags(
  runtime: Runtime,
  name: string,
  options: PullImageOptions = {},
): Promise<PullResult[]> {
  const repository = parseRepository(name)
  validateRepositoryName(repository)
  const pulled: PullResult[] = []
  const { signal, onEvent } = options
  const asking = { signal, onEvent }
  for await (const tag of remoteTags(runtime, repository, { ...asking, mirrors: true })) {
    pulled.push(await pullImage(runtime, withTag(repository, tag), options))
  }
  return pulled
}
