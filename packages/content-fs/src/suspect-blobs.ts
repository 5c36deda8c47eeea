import { lstatSync, type Stats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

import type { AbortOptions } from '@drayage/bytes'
import { isUnreadable, readFailure } from '@drayage/files'
import type { Descriptor } from '@drayage/manifest'

import { storeFailure } from './errors.ts'
import { blobFile, type Layout } from './layout.ts'
import { hasSeal } from './seal.ts'

/** How many files are looked at before others may run. */
const LOOKS_AT_ONCE = 256

/** Those blobs that are missing, of another size, or without a seal; see `Verifier`. */
export async function suspectBlobs(
  layout: Layout,
  all: readonly Descriptor[],
  { signal }: AbortOptions,
): Promise<Descriptor[]> {
  const found: Descriptor[] = []
  for (const [at, what] of all.entries()) {
    if (at % LOOKS_AT_ONCE === LOOKS_AT_ONCE - 1) await setImmediate()
    signal?.throwIfAborted()
    // Thousands of these calls take a tenth of what they take by way of the thread pool.
    const stats = look(blobFile(layout, what.digest))
    if (stats?.isFile() !== true || stats.size !== what.size || !hasSeal(stats)) found.push(what)
  }
  return found
}

/** What is at a path, without a wait: nothing where nothing is, or the disk cannot tell. */
export function look(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    const failure = readFailure(error, path)
    if (isUnreadable(failure)) return undefined
    throw storeFailure(failure, path)
  }
}
