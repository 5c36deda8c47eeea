import type { AbortOptions } from '@drayage/bytes'
import { maybeAbsent } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import type { CurrentOptions, OnEvent, Place } from '@drayage/distribution'

import { listAgain } from '../remote/ask-again.ts'
import { remoteCatalog } from '../remote/list-remote.ts'
import type { RegistryAccess, TransferSettings } from '../runtime.ts'

/** Options of the requests of a sync. */
export interface RetryingOptions extends AbortOptions {
  readonly onEvent: OnEvent
}

/** The tags that a place has. */
export async function listSourceTags(
  runtime: RegistryAccess & TransferSettings,
  source: Place,
  options: RetryingOptions,
): Promise<string[]> {
  const { listTags } = source
  if (listTags === undefined) return []
  const what = `the tags of "${source.text}"`
  return await listOf(
    listAgain(
      runtime,
      what,
      () => listTags(options),
      (tag) => tag,
      options,
    ),
  )
}

/** The paths of the repositories that a registry lists. */
export async function listRepositories(
  runtime: RegistryAccess & TransferSettings,
  host: string,
  options: RetryingOptions,
): Promise<string[]> {
  return await listOf(remoteCatalog(runtime, host, options))
}

async function listOf(items: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What a place has under its name now; nothing when it has none. */
export async function resolveTarget(
  { target }: Place,
  { signal, platforms }: CurrentOptions,
): Promise<Digest | undefined> {
  try {
    return (await target?.current?.({ platforms, signal }))?.digest
  } catch (error) {
    signal?.throwIfAborted()
    // A registry may deny what it does not have; writing tells.
    if (maybeAbsent(error)) return undefined
    throw error
  }
}
