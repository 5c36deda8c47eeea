import {
  familiarReference,
  formatReference,
  formatRepository,
  parseReference,
  parseRepository,
  type Reference,
} from '@drayage/reference'

import { TransportError } from '../errors.ts'
import type { CopySource } from './open-copy-source.ts'
import { parseTransport, type Transport } from './transport.ts'

/** An archive that takes all its images at once. */
export type ArchivePlace =
  | Extract<Transport, { kind: 'oci-archive' | 'docker-archive' | 'docker-daemon' }>
  | WholeEngine

/** A Docker Engine, where each image keeps its names. */
export interface WholeEngine {
  readonly kind: 'docker-daemon'
  readonly name?: undefined
}

/** A place that takes one image after another. */
export type OpenPlace = Exclude<Transport, ArchivePlace>

/** Any place that images are copied to. */
export type TargetPlace = OpenPlace | ArchivePlace

/** Whether a place holds layers uncompressed, and no manifest. */
export function holdsTars({ kind }: TargetPlace): boolean {
  return kind === 'docker-archive' || kind === 'docker-daemon'
}

/** Where images are copied to. */
export type CopyTarget = ArchiveTarget | PlaceTarget

/** One archive for all images; a Docker Engine reads one. */
export interface ArchiveTarget {
  readonly archive: ArchivePlace
  /** How it is written. */
  textOf(place: TargetPlace): string
}

/** A place for each image, or one place that takes them all. */
export interface PlaceTarget {
  readonly archive?: undefined
  /** Whether each image keeps its own name there. */
  readonly keepsNames: boolean
  /**
   * The place of one image; asked for once.
   *
   * @throws TransportError `ERR_TRANSPORT` for an image without a name where it has to keep its own, and for a second one
   * of the same name
   */
  placeOf(source: CopySource): OpenPlace
  /** How such a place is written. */
  textOf(place: TargetPlace): string
}

/** Prefixes of places that are no registries. */
const OTHER = /^(?:store|oci|oci-archive|docker-archive|docker-daemon|dir):/

/**
 * Reads where images go: a place as for one image; `store:`, `docker-daemon:` or a registry's prefix with a slash at its
 * end, where each keeps its name. A layout and an archive take several images too, when no name is given.
 *
 * @param count how many images go there
 * @throws TransportError `ERR_TRANSPORT` for a place that does not take as many
 */
export function parseCopyTarget(text: string, count: number): CopyTarget {
  if (text === 'store:') {
    return eachByName((source) => ({ kind: 'store', name: familiarReference(nameOf(source, text)) }))
  }
  if (text === 'docker-daemon:') return { archive: { kind: 'docker-daemon' }, textOf: () => text }
  const prefix = text.startsWith('docker://') ? text.slice('docker://'.length) : text
  if (prefix.endsWith('/') && !OTHER.test(text)) {
    parseRepository(`${prefix}name`)
    return eachByName((source) => ({ kind: 'registry', reference: withPrefix(prefix, nameOf(source, text)) }))
  }
  const to = parseTransport(text)
  const keepsNames = count > 1
  if (keepsNames) assertTakesSeveral(to, text)
  switch (to.kind) {
    case 'oci-archive':
    case 'docker-archive':
    case 'docker-daemon':
      return { archive: to, textOf: () => text }
    default:
      return { keepsNames, placeOf: () => to, textOf: () => text }
  }
}

/** Places that follow from the names of images, each for one of them. */
function eachByName(placeFor: (source: CopySource) => OpenPlace): PlaceTarget {
  const taken = new Set<string>()
  return {
    keepsNames: true,
    placeOf: (source) => {
      const place = placeFor(source)
      const text = textOf(place)
      if (taken.has(text)) throw new TransportError('copy to', text, 'found two images of that name, expected one')
      taken.add(text)
      return place
    },
    textOf,
  }
}

function assertTakesSeveral(to: Transport, text: string): void {
  const isNamed = to.kind === 'docker-archive' ? to.reference !== undefined : 'tag' in to && to.tag !== undefined
  if ((to.kind === 'oci' || to.kind === 'oci-archive' || to.kind === 'docker-archive') && !isNamed) return
  throw new TransportError(
    'copy several images to',
    text,
    'found a place for one, expected oci:DIR, oci-archive:FILE, docker-archive:FILE, docker-daemon:, store: or docker://PREFIX/',
  )
}

/** The last part of the name's path, and its tag, after the prefix. */
function withPrefix(prefix: string, name: Reference): Reference {
  const { path, tag } = name
  const repository = parseRepository(prefix + path.slice(path.lastIndexOf('/') + 1))
  return parseReference(`${formatRepository(repository)}:${tag}`)
}

/**
 * What an image is called that has to keep its name, the first when it has several.
 *
 * @throws TransportError `ERR_TRANSPORT` when it has none
 */
export function nameOf({ imageNames: [own], name }: CopySource, text: string): Reference {
  if (own?.tag !== undefined) return own
  throw new TransportError(
    'copy to',
    text,
    `found no name for ${familiarReference(name)}, expected an image with a tag`,
  )
}

function textOf(place: TargetPlace): string {
  return place.kind === 'registry'
    ? `docker://${formatReference(place.reference)}`
    : `store:${'name' in place ? place.name : ''}`
}

/** The source, whose entry in a layout has its whole name: the tags of several images may be the same. */
export function fullyNamed(source: CopySource): CopySource {
  const { imageNames, entryName } = source
  const [own] = imageNames
  return { ...source, entryName: own === undefined ? entryName : familiarReference(own) }
}
