import type { AbortOptions } from '@drayage/bytes'
import type { Checker, Fetcher } from '@drayage/content'
import type { Digest, ImageId } from '@drayage/digest'
import { formatRepository } from '@drayage/reference'

import { contentDigest } from '../images/content-row.ts'
import { storedNameText } from '../images/name-rules.ts'
import type { Change, FirstName } from './change.ts'
import { createFirstContent, type FirstImage } from './first-content.ts'

/** What a store of the first model held, in which names selected images. */
export interface FirstModel {
  readonly images: readonly FirstImage[]
  readonly names: readonly FirstName[]
}

/**
 * The changes that make a store of today hold what one of the first model held. What a name stood for has the image that
 * the name selected; an image without a name is kept by itself, and so is each other manifest of an image that is whole.
 * Names of images that are not there are left out.
 */
export async function fromFirstModel(
  { images, names }: FirstModel,
  content: Fetcher & Checker,
  options: AbortOptions = {},
): Promise<Change[]> {
  const known = new Map<ImageId, FirstImage>(images.map((each) => [each.image.id, each]))
  const { rowsOf, imageRow } = createFirstContent(content, options)
  const wasAskedFor = pinning(names)
  const used = new Set<Digest>()
  const seen = new Set<string>()
  const changes: Change[] = []
  for (const each of names.toSorted(byTime)) {
    const { name, target, image: id, atMs } = each
    const first = id === undefined ? undefined : known.get(id)
    if (id !== undefined && first === undefined) continue
    const key = `${target.digest} ${id}`
    if (!seen.has(key)) {
      const contents = first === undefined ? [] : await rowsOf(first, target)
      for (const row of contents) used.add(contentDigest(row))
      changes.push({ op: 'put', target, contents, atMs: first?.addedAtMs ?? atMs })
    }
    seen.add(key)
    changes.push({ op: 'name', name, target, isPinned: wasAskedFor(each), atMs })
  }
  for (const first of images) {
    for (const manifest of first.manifests.filter(({ digest }) => !used.has(digest))) {
      const row = await imageRow(first, manifest)
      if (row !== undefined) changes.push({ op: 'put', target: manifest, contents: [row], atMs: first.addedAtMs })
    }
  }
  return changes
}

function byTime(a: FirstName, b: FirstName): number {
  return a.atMs - b.atMs || (storedNameText(a.name) < storedNameText(b.name) ? -1 : 1)
}

/**
 * Whether somebody asked for a digest. One that only came along with a tag has this tag beside it, or one that was given
 * later: that tag has moved.
 */
function pinning(names: readonly FirstName[]): (name: FirstName) => boolean {
  const tags = Map.groupBy(
    names.filter(({ name }) => name.tag !== undefined),
    ({ name }) => formatRepository(name),
  )
  return ({ name, target, atMs }) =>
    name.digest !== undefined &&
    !(tags.get(formatRepository(name)) ?? []).some((tag) => tag.target.digest === target.digest || tag.atMs >= atMs)
}
