import { type AbortOptions, forEachOf } from '@drayage/bytes'
import { type Fetcher, walk } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import type { OciArchiveSink } from '../index.ts'

/** Copies what is below `roots` into an archive, announced and then a few pieces at a time, as a copy does. */
export async function fillArchive(
  sink: OciArchiveSink,
  source: Fetcher,
  roots: readonly Descriptor[],
  { limit = 2, signal }: AbortOptions & { readonly limit?: number } = {},
): Promise<void> {
  const contents = new Map<string, Descriptor>()
  for (const root of roots) {
    for await (const { descriptor } of walk(source, root, { signal })) contents.set(descriptor.digest, descriptor)
  }
  sink.expect(contents.values())
  await forEachOf(
    contents.values(),
    async (what, own) => {
      await using ingest = await sink.begin(what.digest, { signal: own })
      await ingest.append(source.fetch(what, { signal: own, verify: false }), { signal: own })
      await ingest.commit(what, { signal: own })
    },
    { limit, signal },
  )
}
