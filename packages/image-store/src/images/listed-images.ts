import type { Digest } from '@drayage/digest'

import type { StoredImage } from '../stored-image.ts'
import type { ContentRow, TargetRow, Tables } from '../tables.ts'

/** What is stored under the digest of a target. */
export function storedImage({ names, targets, contents }: Tables, digest: Digest): StoredImage | undefined {
  const row = targets.get(digest)
  return row === undefined ? undefined : assemble(row, names.ofTarget(digest), contents.of(digest))
}

/** All that is stored, with as many queries as for one. */
export function listStored({ names, targets, contents }: Tables): StoredImage[] {
  const named = Map.groupBy(names.list(), ({ target }) => target.digest)
  const held = Map.groupBy(contents.list(), ({ target }) => target)
  return targets.list().map((row) => {
    const { digest } = row.target
    const contents = (held.get(digest) ?? []).map(({ content }) => content)
    return assemble(row, named.get(digest) ?? [], contents)
  })
}

function assemble(row: TargetRow, names: StoredImage['names'], contents: readonly ContentRow[]): StoredImage {
  return {
    ...row,
    usedAtMs: Math.max(row.addedAtMs, row.usedAtMs ?? 0, ...names.map(({ namedAtMs }) => namedAtMs)),
    names,
    platforms: contents.flatMap((each) => (each.kind === 'image' ? [each.image] : [])),
    others: contents.flatMap((each) => (each.kind === 'other' ? [each.other] : [])),
  }
}
