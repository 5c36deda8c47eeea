import type { AbortOptions } from '@drayage/bytes'
import { DEFAULT_RETRY_POLICY, fetchBlob, forQuestions } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import { familiarRepository, formatRepository, type Repository } from '@drayage/reference'

import { openRemote } from '../remote/remote.ts'
import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import type { Store } from '../store/store.ts'
import { hasIntact } from './has-intact.ts'
import type { NeededContent } from './needed-content.ts'
import type { BroughtAgain } from './store-check.ts'

/** Brings content again from where it is known to be: its recorded sources, then the repositories of the names that need it. */
export async function bringAgain(
  runtime: RegistryAccess & TransferSettings,
  store: Store,
  { what, repositories }: Pick<NeededContent, 'what' | 'repositories'>,
  { signal }: AbortOptions,
): Promise<BroughtAgain> {
  const known = await store.images.sourcesOf(what.digest, { signal })
  const sources = new Map<string, Repository>(known.map((each) => [formatRepository(each), each]))
  for (const [name, each] of repositories) if (!sources.has(name)) sources.set(name, each)
  let why = 'no repository is known to have it'
  for (const source of sources.values()) {
    try {
      await fetchFrom(runtime, store, source, what, { signal })
      return { from: familiarRepository(source) }
    } catch (error) {
      signal?.throwIfAborted()
      why = error instanceof Error ? error.message : String(error)
    }
  }
  return { why }
}

async function fetchFrom(
  runtime: RegistryAccess & TransferSettings,
  store: Store,
  source: Repository,
  what: Descriptor,
  { signal }: AbortOptions,
): Promise<void> {
  const { content } = store
  const sink = {
    has: (each: Descriptor, options?: AbortOptions): Promise<boolean> => hasIntact(content, each, options),
    begin: content.begin,
  }
  // Of many sources the next one may answer at once.
  const retry = forQuestions(runtime.retry ?? DEFAULT_RETRY_POLICY)
  await fetchBlob(openRemote(runtime, source), sink, what, { retry, onState: () => {}, signal })
}
