import type { Checker, Fetcher, Ingester } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

/** Copies content that is not there yet, continuing where an earlier copy stopped. */
export async function copy(
  source: Fetcher,
  sink: Ingester & Checker,
  what: Descriptor,
  onOffset: (offset: number) => void = () => {},
): Promise<'committed' | 'already-present'> {
  // No `await using`: child processes of the tests run this file, and the oldest supported Node cannot read that.
  const ingest = await sink.begin(what.digest)
  try {
    onOffset(ingest.offset)
    if (ingest.offset < what.size && !(await sink.has(what))) {
      await ingest.append(source.fetch(what, { offset: ingest.offset, verify: false }))
    }
    return await ingest.commit(what)
  } finally {
    await ingest[Symbol.asyncDispose]()
  }
}
