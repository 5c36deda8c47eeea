import { readBlob, type Checker } from '@drayage/content'
import { chainIds, parseImageId, type ChainId } from '@drayage/digest'
import type { OpenSourceOptions, Place, PlaceSource, PlaceTarget, TarLayer, Transport } from '@drayage/distribution'
import { decodeManifest, manifestKind, type Descriptor } from '@drayage/manifest'
import {
  familiarReference,
  formatReference,
  tryParseReference,
  withDefaultTag,
  type Reference,
} from '@drayage/reference'

import type { Runtime } from '../runtime.ts'
import { chooseOutgoing } from '../images/choose-outgoing.ts'
import { findStored, meantBy } from '../images/find-stored-image.ts'
import { hasPlatforms } from '../images/has-platforms.ts'
import { mountSources, recordSources } from '../images/mount-sources.ts'
import { nameExistingImage } from '../images/name-existing-image.ts'
import { openPullSink, type PullSink } from '../images/pull-store.ts'
import { contentOfName } from '../store/content-of-name.ts'
import { noteUse } from '../store/note-use.ts'
import type { Store } from '../store/store.ts'
import { namesOnce, NOTHING_OPEN, ownName, nonEmpty, taggedName } from './place-names.ts'

const NOTHING: Checker = { has: async () => false }

/** The store of the runtime: `store:NAME`, an ID or the start of one; `store:` for images that keep their names. */
export function storeTransport(runtime: Runtime): Transport {
  return {
    prefix: 'store',
    syntax: 'store:NAME[:TAG]',
    severalSyntax: 'store:',
    parse: (name) => (name === '' ? wholeStore(runtime) : namedPlace(runtime, name)),
  }
}

function wholeStore(runtime: Runtime): Place {
  const text = 'store:'
  return {
    text,
    key: text,
    target: storeTarget(runtime, text, { several: true, nameOf: (image) => ownName(image, text) }),
  }
}

function namedPlace(runtime: Runtime, name: string): Place {
  const text = `store:${name}`
  const parsed = tryParseReference(name)
  return {
    text,
    key: `store:${parsed.ok ? formatReference(withDefaultTag(parsed.value)) : nonEmpty(name, text)}`,
    tag: parsed.ok ? parsed.value.tag : undefined,
    isDigest: parsed.ok && parsed.value.digest !== undefined,
    openSource: (options) => openStored(runtime, name, options),
    target: storeTarget(runtime, text, {
      several: false,
      nameOf: () => taggedName(name, text),
      async current({ platforms, signal }) {
        const store = await runtime.openStore()
        const target = await store.images.targetOf(taggedName(name, text), { signal })
        const wanted = platforms?.length ? platforms : [runtime.platform]
        return target !== undefined && (await hasPlatforms(store, target, wanted, { signal })) ? target : undefined
      },
    }),
  }
}

/** What a text stands for: of an index all that is here of it, or the images for some platforms, or one image. */
async function openStored(runtime: Runtime, text: string, options: OpenSourceOptions): Promise<PlaceSource> {
  const { takesIndex = false, preserveDigests = false, platforms, signal } = options
  const store = await runtime.openStore()
  const found = await findStored(runtime, store, text, { signal })
  const { stored, part, name } = found
  await noteUse(store, stored.target, { signal })
  if (preserveDigests && part === undefined && manifestKind(stored.target.mediaType) === 'schema1') {
    return storedSource(runtime, store, stored.target, name)
  }
  const content = { ...(name === undefined ? store.content : contentOfName(store, name)), has: store.content.has }
  const label = name === undefined ? text : familiarReference(name)
  const wanted = { platforms, withIndex: takesIndex, name: label, signal }
  const { root, parts } = await chooseOutgoing(runtime, content, meantBy(found), wanted)
  return { ...storedSource(runtime, store, root, name), parts }
}

/** An image or index of the store as the source of a copy. */
export function storedSource(runtime: Runtime, store: Store, from: Descriptor, name?: Reference): PlaceSource {
  const { content, images } = store
  return {
    ...NOTHING_OPEN,
    content: {
      ...(name === undefined ? { fetch: content.fetch } : contentOfName(store, name)),
      resolve: images.resolve,
    },
    from,
    label: name === undefined ? from.digest : familiarReference(name),
    names: name?.tag === undefined ? [] : [name],
    entryName: name?.tag,
    repository: name,
    tagsIn: name,
    holders(target) {
      const parts = { store, logins: runtime.usedLogins, target }
      return {
        ...mountSources(parts, {}),
        // What a conversion made is not in the store.
        async record(arrived) {
          const held: Descriptor[] = []
          for (const each of arrived) if (await content.has(each)) held.push(each)
          await recordSources(parts, held)
        },
      }
    },
    async tars(diffIds) {
      const tars = await Promise.all(chainIds(diffIds).map((chain) => tarOf(store, chain)))
      // What is here without being an image has no layers.
      return tars.every((tar) => tar !== undefined) ? tars : undefined
    },
  }
}

async function tarOf({ layers }: Pick<Store, 'layers'>, chain: ChainId): Promise<TarLayer | undefined> {
  const record = await layers.get(chain)
  if (record === undefined) return undefined
  const { diffId, size } = record
  return { diffId, size, isVerified: true, open: (options) => layers.openTar(chain, options) }
}

interface StoreNames extends Pick<PlaceTarget, 'current'> {
  readonly several: boolean
  readonly nameOf: (image: PlaceSource) => Reference
}

function storeTarget(runtime: Runtime, text: string, { several, nameOf, current }: StoreNames): PlaceTarget {
  return {
    kind: 'the store',
    holds: { index: true, keepsIndex: true, referrers: false, manifests: true, several },
    ...(current !== undefined && { current }),
    async look(image) {
      // A store that does not exist yet is not made.
      const sink = (await runtime.store.exists()) ? (await runtime.openStore()).content : NOTHING
      return { text: `store:${familiarReference(nameOf(image))}`, key: 'store', sink }
    },
    async open() {
      const once = namesOnce(text)
      const sinks: PullSink[] = []
      return {
        async place(image) {
          const name = once(nameOf(image))
          const store = await runtime.openStore()
          const sink = openPullSink(store)
          sinks.push(sink)
          const present = await presentImage(store, sink, image, name)
          return present === undefined ? { sink, names: [name], complete: () => sink.complete() } : { present }
        },
        async [Symbol.asyncDispose]() {
          for (const sink of sinks) await sink[Symbol.asyncDispose]()
        },
      }
    },
  }
}

/** An image that is here keeps its manifest: it only gets the name, rather than one that the source made for it. */
async function presentImage(
  store: Store,
  sink: PullSink,
  { content, from, makesManifests }: PlaceSource,
  name: Reference,
): Promise<Descriptor | undefined> {
  if (makesManifests !== true || !('mediaType' in from)) return undefined
  const manifest = decodeManifest(await readBlob(content, from), from)
  const imageId = manifest.kind === 'image' ? parseImageId(manifest.value.config.digest) : undefined
  return (await nameExistingImage(store, sink, { imageId, names: [name] }, {}))?.manifest
}
