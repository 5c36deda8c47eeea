import type { Digest } from '@drayage/digest'
import type { Place, PlaceSink, PlaceSource, PlaceTarget, Transport, TransferOptions } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import {
  familiarReference,
  formatReference,
  formatRepository,
  parseReference,
  parseRepository,
  withDefaultTag,
  type Reference,
  type Repository,
} from '@drayage/reference'

import type { RegistryAccess, TransferSettings } from '../runtime.ts'
import { TransportError } from '../errors.ts'
import { openRemote } from '../remote/remote.ts'
import { namesOnce, NOTHING_OPEN, ownName } from './place-names.ts'

const KIND = 'a registry'
const HOLDS = { index: true, referrers: true, manifests: true, schema1: true }

/** Registries: `docker://NAME[:TAG]`, which may be written without the prefix, and `docker://PREFIX/` for several images. */
export function registryTransport(runtime: RegistryAccess & TransferSettings): Transport {
  return {
    prefix: 'docker',
    syntax: 'docker://NAME[:TAG]',
    severalSyntax: 'docker://PREFIX/',
    parse(rest) {
      const name = rest.replace(/^\/\//, '')
      return name.endsWith('/') ? prefixPlace(runtime, name) : namedPlace(runtime, name)
    },
  }
}

function namedPlace(runtime: RegistryAccess & TransferSettings, name: string): Place {
  const parsed = parseReference(name)
  const reference = withDefaultTag(parsed)
  const text = `docker://${name}`
  return {
    text,
    key: formatReference(reference),
    tag: parsed.tag,
    isDigest: parsed.digest !== undefined,
    needsTag: parsed.tag === undefined && parsed.digest === undefined,
    async openSource() {
      return {
        ...NOTHING_OPEN,
        content: openRemote(runtime, reference),
        from: reference,
        label: familiarReference(reference),
        names: reference.digest === undefined ? [reference] : [],
        entryName: reference.tag,
        repository: { domain: reference.domain, path: reference.path },
        isRemote: true,
        tagsIn: { domain: reference.domain, path: reference.path },
      }
    },
    listTags: (options) => openRemote(runtime, reference).tags(options),
    target: registryTarget(runtime, text, {
      several: false,
      nameOf: () => {
        if (reference.digest === undefined) return reference
        throw new TransportError('copy to', text, 'it names a digest, expected a tag')
      },
      // A mirror may lag behind what was copied to the registry.
      current: async (options) => await openRemote(runtime, reference, { mirrors: false }).resolve(reference, options),
    }),
  }
}

/** Where each image keeps the last part of its name, and its tag. */
function prefixPlace(runtime: RegistryAccess & TransferSettings, prefix: string): Place {
  const text = `docker://${prefix}`
  parseRepository(`${prefix}name`)
  return {
    text,
    key: text,
    target: registryTarget(runtime, text, {
      several: true,
      nameOf: (image) => {
        const { path, tag } = ownName(image, text)
        const repository = parseRepository(prefix + path.slice(path.lastIndexOf('/') + 1))
        return parseReference(`${formatRepository(repository)}:${tag}`)
      },
    }),
  }
}

interface RegistryNames extends Pick<PlaceTarget, 'current'> {
  readonly several: boolean
  readonly nameOf: (image: PlaceSource) => Reference
}

function registryTarget(
  runtime: RegistryAccess & TransferSettings,
  text: string,
  { several, nameOf, current }: RegistryNames,
): PlaceTarget {
  return {
    kind: KIND,
    holds: { ...HOLDS, several },
    ...(current !== undefined && { current }),
    async look(image) {
      const reference = nameOf(image)
      return {
        text: `docker://${formatReference(reference)}`,
        key: formatRepository(reference),
        sink: openRemote(runtime, reference),
        repository: { domain: reference.domain, path: reference.path },
        mountFrom: mountsOf(image, reference).mountFrom,
      }
    },
    open: async () => registrySink(runtime, text, nameOf),
  }
}

function registrySink(
  runtime: RegistryAccess & TransferSettings,
  text: string,
  nameOf: RegistryNames['nameOf'],
): PlaceSink {
  const once = namesOnce(text)
  const arrived = new Map<Digest, Repository>()
  return {
    ...NOTHING_OPEN,
    async place(image) {
      const reference = once(nameOf(image))
      const { domain, path } = reference
      const { record, ...mounts } = mountsOf(image, reference, ({ digest }) => arrived.get(digest))
      const onArrived = async (content: readonly Descriptor[]): Promise<void> => {
        for (const { digest } of content) arrived.set(digest, { domain, path })
        await record(content)
      }
      const options: TransferOptions = { ...mounts, transfers: runtime.uploads, onArrived }
      return { sink: openRemote(runtime, reference), names: [reference], options }
    },
  }
}

interface RegistryMounts {
  readonly mountFrom: NonNullable<TransferOptions['mountFrom']>
  readonly onMountRefused?: TransferOptions['onMountRefused']
  record(content: readonly Descriptor[]): Promise<void>
}

/**
 * Where blobs on their way to `target` may be mounted from, all of the same registry: the source itself, the repository that
 * got a blob before in this call, and what the source remembers.
 */
function mountsOf(
  image: PlaceSource,
  target: Repository,
  holderOf: (blob: Descriptor) => Repository | undefined = () => undefined,
): RegistryMounts {
  const known = image.holders?.(target)
  const isNeighbour = (each: Repository): boolean => each.domain === target.domain && each.path !== target.path
  return {
    mountFrom: async (blob) => {
      const own = [image.repository, holderOf(blob)].filter((each) => each !== undefined).filter(isNeighbour)
      const all = [...own, ...((await known?.mountFrom?.(blob)) ?? [])]
      return [...new Map(all.map(({ domain, path }) => [path, { domain, path }])).values()]
    },
    ...(known?.onMountRefused !== undefined && { onMountRefused: known.onMountRefused }),
    record: async (content) => await known?.record(content),
  }
}
