import { createOciLayoutSink, openOciLayout } from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import { isContentError } from '@drayage/content'
import type { Digest } from '@drayage/digest'
import { DEFAULT_RETRY_POLICY, isRetryable, retryDelayMs, type OnEvent } from '@drayage/distribution'
import { formatRepository, isTag, parseReference, withTag } from '@drayage/reference'
import { retry } from '@drayage/transfer'

import type { Runtime } from '../create-runtime.ts'
import { openRemote } from '../remote/remote.ts'
import type { Transport } from '../copy/transport.ts'

/** Options of {@link retrying}. */
export interface RetryingOptions extends AbortOptions {
  readonly onEvent: OnEvent
}

/**
 * Asks again after failures that can pass, as often as the runtime says.
 *
 * @param what for messages
 */
export async function retrying<T>(
  runtime: Runtime,
  what: string,
  request: () => Promise<T>,
  { onEvent, signal }: RetryingOptions,
): Promise<T> {
  const policy = runtime.retry ?? DEFAULT_RETRY_POLICY
  return await retry(request, {
    attempts: policy.attempts,
    isRetryable,
    delayMs: (number, error) => retryDelayMs(policy, number, error),
    onRetry: ({ secondsLeft, error }) => onEvent({ type: 'retrying', what, secondsLeft, error }),
    signal,
  })
}

/** The tags that a place has. */
export async function listSourceTags(runtime: Runtime, source: Transport, options: RetryingOptions): Promise<string[]> {
  const { signal } = options
  if (source.kind === 'registry') {
    const remote = openRemote(runtime, source.reference)
    const list = (): Promise<string[]> => listOf(remote.tags({ signal }))
    return await retrying(runtime, `the tags of "${formatRepository(source.reference)}"`, list, options)
  }
  if (source.kind !== 'oci') return []
  const layout = await openOciLayout({ directory: source.directory, signal })
  const tags = new Set<string>()
  for (const { annotations } of await layout.entries({ signal })) {
    const name = annotations?.['org.opencontainers.image.ref.name']
    if (name !== undefined && isTag(name)) tags.add(name)
  }
  return [...tags]
}

/** The paths of the repositories that a registry tells of. */
export async function listRepositories(runtime: Runtime, host: string, options: RetryingOptions): Promise<string[]> {
  const list = (): Promise<string[]> => listOf(runtime.registry.catalog(host, { signal: options.signal }))
  return await retrying(runtime, `the repositories of "${host}"`, list, options)
}

async function listOf(items: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = []
  for await (const item of items) all.push(item)
  return all
}

/** What a place has under its name now; nothing when it has none. */
export async function resolveTarget(
  runtime: Runtime,
  target: Transport,
  { signal }: AbortOptions,
): Promise<Digest | undefined> {
  try {
    return await digestAt(runtime, target, { signal })
  } catch (error) {
    if (isContentError(error) && error.code === 'ERR_NAME_NOT_FOUND') return undefined
    throw error
  }
}

async function digestAt(runtime: Runtime, target: Transport, options: AbortOptions): Promise<Digest | undefined> {
  switch (target.kind) {
    case 'registry':
      // A mirror may be behind what was copied to the registry.
      const remote = openRemote(runtime, target.reference, { mirrors: false })
      return (await remote.resolve(target.reference, options)).digest
    case 'oci': {
      const layout = createOciLayoutSink({ directory: target.directory })
      // A layout has tags, and no repositories.
      return (await layout.resolve(withTag(parseReference('layout'), target.tag ?? 'latest'), options)).digest
    }
    case 'store': {
      const { images } = await runtime.openStore()
      return (await images.resolve(parseReference(target.name), options)).digest
    }
    default:
      return undefined
  }
}
