import type { Digest } from '@drayage/digest'
import { signedBytesOf, type Descriptor } from '@drayage/manifest'
import { formatRepository } from '@drayage/reference'

import { contentDigest, fullerDescriptor, partsOfContent } from '../images/content-row.ts'
import type { NameRecord } from '../stored-image.ts'
import type { ContentRow, ContentTable, TargetRow, TargetTable } from '../tables.ts'
import type { Rows } from './rows.ts'

/** Content that a target has. */
interface MemberRow {
  readonly target: Digest
  readonly manifest: Digest
}

/** The rows that targets and their content are made of. */
export interface ContentRows {
  readonly named: Rows<NameRecord>
  readonly targets: Rows<TargetRow>
  readonly contents: Rows<ContentRow>
  readonly members: Rows<MemberRow>
}

/** Targets and their content, in memory. */
export function memoryContents(all: ContentRows): { readonly targets: TargetTable; readonly contents: ContentTable } {
  return { targets: targetTable(all), contents: contentTable(all) }
}

function targetTable({ targets, members }: ContentRows): TargetTable {
  return {
    get: (digest) => targets.get(digest),
    list: () => targets.where(),
    add({ target, addedAtMs }) {
      const known = targets.get(target.digest)
      const kept = fullerDescriptor(known?.target, target)
      if (kept !== known?.target) targets.set(target.digest, { addedAtMs, ...known, target: kept })
    },
    use(digest, usedAtMs) {
      const known = targets.get(digest)
      if (known !== undefined) targets.replace(digest, { ...known, usedAtMs })
    },
    remove(digest) {
      targets.remove(digest)
      members.removeWhere(({ target }) => target === digest)
    },
  }
}

function contentTable({ named, targets, contents, members }: ContentRows): ContentTable {
  const membersOf = (isWanted: (row: MemberRow) => boolean): { target: Digest; content: ContentRow }[] =>
    members.where(isWanted).flatMap(({ target, manifest }) => {
      const content = contents.get(manifest)
      return content === undefined ? [] : [{ target, content }]
    })
  return {
    get: (manifest) => contents.get(manifest),
    list: () => membersOf(() => true),
    of: (target) => membersOf((row) => row.target === target).map(({ content }) => content),
    targetsOf: (manifest) => members.where((row) => row.manifest === manifest).map(({ target }) => target),
    inRepository(repository, digest, how, except) {
      const here = named.where(({ name }) => formatRepository(name) === formatRepository(repository))
      const isHere = new Set(here.map(({ target }) => target.digest).filter((target) => target !== except))
      return membersOf(({ target }) => isHere.has(target))
        .map(({ content }) => content)
        .find((content) => {
          const [manifest, ...parts] = partsOfContent(content)
          return (how === 'manifest' ? [manifest] : parts).some((each) => each.digest === digest)
        })
    },
    isNeeded(digest) {
      const isSigned = (target: Descriptor): boolean => signedBytesOf(target)?.digest === digest
      return (
        targets.get(digest) !== undefined ||
        contents.where((row) => partsOfContent(row).some((part) => part.digest === digest)).length > 0 ||
        targets.where(({ target }) => isSigned(target)).length > 0 ||
        named.where(({ target }) => isSigned(target)).length > 0
      )
    },
    setFacts(manifest, facts) {
      const row = contents.get(manifest)
      if (row?.kind === 'image') contents.replace(manifest, { kind: 'image', image: { ...row.image, facts } })
    },
    manifestsOf: (image) =>
      contents.where((row) => row.kind === 'image' && row.image.id === image).map((row) => contentDigest(row)),
    startingWith(start, limit) {
      const images = contents.where().flatMap((row) => (row.kind === 'image' ? [row.image] : []))
      const known = [
        ...targets.where().map(({ target }) => target.digest),
        ...images.flatMap(({ id, manifest }) => [manifest.digest, id as string as Digest]),
      ]
      const wanted = new Set(known.filter((digest) => digest.startsWith(start)))
      return [...wanted].sort().slice(0, limit)
    },
    add(target, content) {
      const manifest = contentDigest(content)
      const known = contents.get(manifest)
      // What was kept as bytes may have become an image.
      if (known === undefined || (known.kind === 'other' && content.kind === 'image')) contents.set(manifest, content)
      const key = `${target} ${manifest}`
      if (members.get(key) === undefined) members.set(key, { target, manifest })
    },
    remove: (target, manifest) => members.remove(`${target} ${manifest}`),
    forgetUnused(manifest) {
      if (members.where((row) => row.manifest === manifest).length === 0) contents.remove(manifest)
    },
  }
}
