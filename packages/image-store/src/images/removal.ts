import type { Digest, ImageId } from '@drayage/digest'
import { signedBytesOf, type Descriptor } from '@drayage/manifest'

import type { Removal, Removed } from '../image-ports.ts'
import type { PlatformImage } from '../stored-image.ts'
import type { ContentRow, Tables } from '../tables.ts'
import { contentDigest, partsOfContent } from './content-row.ts'
import type { Apply } from './ledger.ts'
import { storedName, storedNameText } from './name-rules.ts'

/** A target that went, and what it had. */
interface Dropped {
  readonly target: Descriptor
  readonly held: readonly ContentRow[]
}

/** Forgets a target that has neither a name nor an image. */
export function dropUnneeded(tables: Tables, target: Digest, apply: Apply): Dropped | undefined {
  const hasImage = tables.contents.of(target).some(({ kind }) => kind === 'image')
  return hasImage ? undefined : dropUnnamed(tables, target, apply)
}

/** Forgets a target that has no name. */
function dropUnnamed({ names, targets, contents }: Tables, digest: Digest, apply: Apply): Dropped | undefined {
  const row = targets.get(digest)
  if (row === undefined || names.ofTarget(digest).length > 0) return undefined
  const held = contents.of(digest)
  apply({ op: 'drop', target: digest })
  return { target: row.target, held }
}

/** Removes names, and those of the targets that no name is left for; see `ImageRemover`. */
export function removeTargets(tables: Tables, removal: Removal, apply: Apply): Removed {
  const stoodFor: Descriptor[] = []
  for (const name of removal.names) {
    const record = tables.names.get(storedNameText(name))
    if (record === undefined) continue
    stoodFor.push(record.target)
    apply({ op: 'unname', name: storedName(name) })
  }
  const dropped = [
    ...removal.targets.map((digest) => dropUnnamed(tables, digest, apply)),
    ...stoodFor.map(({ digest }) => dropUnneeded(tables, digest, apply)),
  ].filter((each) => each !== undefined)
  const held = dropped.flatMap((each) => each.held)
  const targets = dropped.map(({ target }) => target)
  return { targets, ...released(tables, held, [...stoodFor, ...targets]) }
}

/** Takes content out of a target; see `ImageRemover`. */
export function removeContent(tables: Tables, target: Digest, manifests: readonly Digest[], apply: Apply): Removed {
  if (tables.targets.get(target) === undefined) return { targets: [], images: [], ids: [], content: [] }
  const held = tables.contents.of(target).filter((row) => manifests.includes(contentDigest(row)))
  apply({ op: 'shed', target, manifests })
  const dropped = dropUnneeded(tables, target, apply)
  const targets = dropped === undefined ? [] : [dropped.target]
  const { images, ids, content } = released(tables, [...held, ...(dropped?.held ?? [])], targets)
  // A manifest may be held as a part only.
  return { targets, images, ids, content: [...new Set([...content, ...manifests])] }
}

/** What may go once some targets and content are gone. */
function released(
  { contents }: Tables,
  held: readonly ContentRow[],
  targets: readonly Descriptor[],
): Omit<Removed, 'targets'> {
  const images = new Map<Digest, PlatformImage>()
  for (const row of held) {
    if (row.kind === 'image' && contents.get(contentDigest(row)) === undefined)
      images.set(contentDigest(row), row.image)
  }
  const ids = new Set<ImageId>([...images.values()].map(({ id }) => id))
  const signed = targets.flatMap((each) => signedBytesOf(each) ?? [])
  const content = [...targets, ...signed, ...held.flatMap(partsOfContent)].map(({ digest }) => digest)
  return {
    images: [...images.values()],
    ids: [...ids].filter((id) => contents.manifestsOf(id).length === 0),
    content: [...new Set(content)],
  }
}
