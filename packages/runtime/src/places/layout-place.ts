import {
  createOciArchiveSink,
  createOciLayoutSink,
  openOciArchive,
  openOciLayout,
  type LayoutSource,
} from '@drayage/archive'
import type { AbortOptions } from '@drayage/bytes'
import type { Place, PlaceSource, Transport } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import {
  type Reference,
  type Repository,
  familiarReference,
  isTag,
  tryParseReference,
  withDefaultTag,
} from '@drayage/reference'
import path from 'node:path'

import { archiveFile } from './archive-file.ts'
import { NOTHING_OPEN } from './place-names.ts'
import { imageChoice, isEntryName, splitPath, type ImageChoice } from './split-path.ts'

/** Layouts have tags and no repositories; their tags are resolved in this one, which is never shown. */
const TAGS: Repository = { domain: 'localhost', path: 'layout' }

const HOLDS = { index: true, referrers: true, manifests: true, format: 'oci' } as const

/** OCI image layouts: `oci:DIR[:TAG]`. A directory that exists is extended. */
export function ociTransport(): Transport {
  return {
    prefix: 'oci',
    syntax: 'oci:DIR[:TAG|:@N|:DIGEST]',
    severalSyntax: 'oci:DIR',
    parse(rest) {
      const text = `oci:${rest}`
      const { file: directory, choice, tag } = chosenEntry(rest, text)
      return {
        text,
        key: `oci:${path.resolve(directory)}:${choice ?? tag ?? ''}`,
        tag,
        openSource: async (options) =>
          await layoutEntry(await openOciLayout({ directory, ...options }), choice ?? tag, options),
        async *listTags(options) {
          const layout = await openOciLayout({ directory, ...options })
          const names = (await layout.entries(options)).map(({ annotations }) => annotations?.[REF_NAME])
          yield* new Set(names.filter((name) => name !== undefined).filter((name) => isTag(name)))
        },
        target:
          choice !== undefined
            ? undefined
            : {
                kind: 'an OCI layout',
                holds: { ...HOLDS, several: tag === undefined },
                look: async () => ({ text, key: 'oci', sink: createOciLayoutSink({ directory }) }),
                current: async (options) => {
                  const name = { ...TAGS, tag: tag ?? 'latest' }
                  return await createOciLayoutSink({ directory }).resolve(name, options)
                },
                async open({ isForSeveral }) {
                  const layout = createOciLayoutSink({ directory })
                  return {
                    ...NOTHING_OPEN,
                    place: async (image) => ({
                      sink: entrySink(layout, tag ?? entryName(image, isForSeveral)),
                      names: [],
                    }),
                  }
                },
              },
      }
    },
  }
}

/** OCI layouts in one tar: `oci-archive:FILE[:TAG]`. */
export function ociArchiveTransport(): Transport {
  return {
    prefix: 'oci-archive',
    syntax: 'oci-archive:FILE[:TAG|:@N|:DIGEST]',
    severalSyntax: 'oci-archive:FILE',
    parse(rest): Place {
      const text = `oci-archive:${rest}`
      const { file, choice, tag } = chosenEntry(rest, text)
      const { look, openOutput } = archiveFile(file, text)
      return {
        text,
        key: `oci-archive:${path.resolve(file)}:${choice ?? tag ?? ''}`,
        tag,
        async openSource(options) {
          const archive = await openOciArchive(file, options)
          return await closing(archive, () => layoutEntry(archive, choice ?? tag, options))
        },
        target:
          choice !== undefined
            ? undefined
            : {
                kind: 'an oci-archive',
                holds: { ...HOLDS, several: tag === undefined },
                isWhole: true,
                look,
                async open({ isForSeveral, signal }) {
                  const archive = createOciArchiveSink(await openOutput({ signal }))
                  return {
                    place: async (image) => ({
                      sink: entrySink(archive, tag ?? entryName(image, isForSeveral)),
                      names: [],
                    }),
                    finish: (options) => archive.finish(options),
                    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
                  }
                },
              },
      }
    },
  }
}

/** A layout, and which of its entries is meant: the only one, one that has a name, or one of a position or a digest. */
interface ChosenEntry {
  readonly file: string
  readonly choice: ImageChoice | undefined
  readonly tag: string | undefined
}

/** @throws TransportError `ERR_TRANSPORT` */
function chosenEntry(rest: string, text: string): ChosenEntry {
  const [file, name] = splitPath(rest, text, isEntryName)
  const choice = name === undefined ? undefined : imageChoice(name)
  return { file, choice, tag: choice === undefined ? name : undefined }
}

/** Adds entries to a layout: `put` names one by its tag, or not at all. */
interface Layout {
  put(what: Descriptor, refName?: string, options?: AbortOptions): Promise<void>
}

/** A layout whose entry for the root of a copy is called `refName`; what goes along with it keeps its own tags. */
export function entrySink<L extends Layout>(layout: L, refName: string | undefined): L & EntrySink {
  return {
    ...layout,
    putRoot: (what, options) => layout.put(what, refName, options),
    tag: (what, name, options) => layout.put(what, name.tag, options),
  }
}

interface EntrySink {
  putRoot(what: Descriptor, options?: AbortOptions): Promise<void>
  tag(what: Descriptor, name: Reference, options?: AbortOptions): Promise<void>
}

/** Among several images an entry has its whole name, since their tags may be the same. */
function entryName({ names: [own], entryName: short }: PlaceSource, isForSeveral: boolean): string | undefined {
  return isForSeveral && own !== undefined ? familiarReference(own) : short
}

const REF_NAME = 'org.opencontainers.image.ref.name'

/** An entry of a layout, with the name that it has there; a tag alone does not say what repository it belongs to. */
export async function layoutEntry(
  layout: LayoutSource,
  entry: string | ImageChoice | undefined,
  options: AbortOptions,
): Promise<PlaceSource> {
  return entrySource(layout, await layout.select(entry, options))
}

/** An entry of a layout as the source of a copy. */
export function entrySource(layout: LayoutSource, target: Descriptor): PlaceSource {
  const image = layoutEntryName(target)
  return {
    ...NOTHING_OPEN,
    content: layout,
    from: target,
    label: image === undefined ? target.digest : familiarReference(image),
    names: image === undefined ? [] : [image],
    entryName: target.annotations?.[REF_NAME] ?? image?.tag,
    tagsIn: TAGS,
  }
}

/** What `open` makes of an archive, which is closed with it, and when it fails. */
export async function closing(archive: AsyncDisposable, open: () => Promise<PlaceSource>): Promise<PlaceSource> {
  try {
    return { ...(await open()), [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose]() }
  } catch (error) {
    await archive[Symbol.asyncDispose]()
    throw error
  }
}

/** The name of a layout's entry; one without a repository, such as `1.2`, does not tell what it is a tag of. */
export function layoutEntryName({ annotations = {} }: Descriptor): Reference | undefined {
  const { 'io.containerd.image.name': full, 'org.opencontainers.image.ref.name': short } = annotations
  const text = [full, short].find((each) => each !== undefined && /[/:]/.test(each))
  const parsed = text === undefined ? undefined : tryParseReference(text)
  return parsed?.ok === true && parsed.value.digest === undefined ? withDefaultTag(parsed.value) : undefined
}
