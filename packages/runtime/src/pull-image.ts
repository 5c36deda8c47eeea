import type { AbortOptions } from '@drayage/bytes'
import { pull, type OnEvent, type PullResult } from '@drayage/distribution'
import type { Platform } from '@drayage/manifest'
import { parseRepository, withTag, type Reference } from '@drayage/reference'

import type { Runtime } from './create-runtime.ts'
import { openPullSink } from './pull-store.ts'

/** Options of {@link pullImage} and {@link pullAllTags}. */
export interface PullImageOptions extends AbortOptions {
  /** That of the runtime by default. */
  readonly platform?: Platform
  readonly onEvent?: OnEvent
}

/**
 * Pulls an image into the local store; see `pull` of `@drayage/distribution` for what is promised and thrown.
 *
 * @param name familiar or full; `latest` when it has neither tag nor digest
 */
export async function pullImage(
  runtime: Runtime,
  name: string | Reference,
  options: PullImageOptions = {},
): Promise<PullResult> {
  const { registry, transfers, platform, retry } = runtime
  await using sink = openPullSink(await runtime.openStore())
  return await pull(registry, sink, name, { platform, transfers, ...(retry === undefined ? {} : { retry }), ...options })
}

/** Pulls every tag of a repository, one after another, and stops at the first that fails. */
export async function pullAllTags(
  runtime: Runtime,
  name: string,
  options: PullImageOptions = {},
): Promise<PullResult[]> {
  const repository = parseRepository(name)
  const pulled: PullResult[] = []
  for await (const tag of runtime.registry.repository(repository).tags({ signal: options.signal })) {
    pulled.push(await pullImage(runtime, withTag(repository, tag), options))
  }
  return pulled
}
