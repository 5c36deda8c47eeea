import { isDigest, parseImageId, tryParseDigest, type Digest, type ImageId } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'
import type { Reference, Repository } from '@drayage/reference'

import { asDescriptor, asDescriptors, asObject, asPlatform } from '../record-codec.ts'
import type { NewName, OtherContent, PlatformImage } from '../stored-image.ts'
import type { ContentRow } from '../tables.ts'

/** A change of names or images. */
export type Change =
  /** Content that a target has from now on. */
  | { readonly op: 'put'; readonly target: Descriptor; readonly contents: readonly ContentRow[]; readonly atMs: number }
  /** A name, also of a target that was not there. */
  | ({ readonly op: 'name'; readonly isPinned: boolean; readonly atMs: number } & Omit<NewName, 'isPinned'>)
  | { readonly op: 'unname'; readonly name: Reference }
  /** A target that goes with its content. */
  | { readonly op: 'drop'; readonly target: Digest }
  /** Content that a target has no longer. */
  | { readonly op: 'shed'; readonly target: Digest; readonly manifests: readonly Digest[] }
  | HoldingChange
  /** Nothing of what was before. */
  | { readonly op: 'reset' }

/** A change of the manifests that a registry's repositories hold. */
export type HoldingChange =
  | { readonly op: 'hold'; readonly repository: Repository; readonly what: Descriptor; readonly atMs: number }
  | { readonly op: 'unhold'; readonly repository: Repository; readonly digest: Digest }
  /** What a manifest needs. */
  | { readonly op: 'parts'; readonly whole: Digest; readonly parts: readonly Digest[] }
  | { readonly op: 'refer'; readonly repository: Repository; readonly subject: Digest; readonly referrer: Descriptor }
  | { readonly op: 'unrefer'; readonly repository: Repository; readonly subject: Digest; readonly referrer: Digest }
  /** Nothing of what is held about this content. */
  | { readonly op: 'forget'; readonly digests: readonly Digest[] }

/** A change of the first model, in which a name selected an image, and images were by themselves. */
export type FirstChange =
  | { readonly op: 'first-name'; readonly name: FirstName }
  | { readonly op: 'first-image'; readonly image: PlatformImage; readonly atMs: number }
  | { readonly op: 'first-unimage'; readonly id: ImageId }

/** A name of the first model. */
export interface FirstName {
  readonly name: Reference
  readonly target: Descriptor
  /** The image that it selected; none when it named an index or an artifact as a whole. */
  readonly image?: ImageId | undefined
  readonly atMs: number
}

/** A change as the journal keeps it; `undefined` for a form that this release does not know. */
export function decodeChange(value: unknown): Change | FirstChange | undefined {
  const object = asObject(value)
  if (object === undefined) return undefined
  const atMs = typeof object['atMs'] === 'number' ? object['atMs'] : 0
  switch (object['op']) {
    case 'put': {
      const target = asDescriptor(object['target'])
      const contents = asContents(object['contents'])
      return target === undefined || contents === undefined ? undefined : { op: 'put', target, contents, atMs }
    }
    case 'name':
      return decodeName(object, atMs)
    case 'unname': {
      const name = asReference(object['name'])
      return name === undefined ? undefined : { op: 'unname', name }
    }
    case 'drop':
      return isDigest(object['target']) ? { op: 'drop', target: object['target'] } : undefined
    case 'shed': {
      const { target, manifests } = object
      if (!isDigest(target) || !Array.isArray(manifests) || !manifests.every(isDigest)) return undefined
      return { op: 'shed', target, manifests }
    }
    case 'reset':
      return { op: 'reset' }
    case 'hold':
    case 'unhold':
    case 'parts':
    case 'refer':
    case 'unrefer':
    case 'forget':
      return decodeHoldingChange(object, atMs)
    case 'image': {
      const image = asPlatformImage(object['image'])
      return image === undefined ? undefined : { op: 'first-image', image, atMs }
    }
    case 'unimage': {
      const id = asImageId(object['id'])
      return id === undefined ? undefined : { op: 'first-unimage', id }
    }
    default:
      return undefined
  }
}

function decodeHoldingChange(object: Readonly<Record<string, unknown>>, atMs: number): HoldingChange | undefined {
  const { op, digest, whole, parts, subject, referrer } = object
  if (op === 'parts') {
    return isDigest(whole) && Array.isArray(parts) && parts.every(isDigest) ? { op, whole, parts } : undefined
  }
  if (op === 'forget') {
    const { digests } = object
    return Array.isArray(digests) && digests.every(isDigest) ? { op, digests } : undefined
  }
  const repository = asRepository(object['repository'])
  if (repository === undefined) return undefined
  if (op === 'unhold') return isDigest(digest) ? { op, repository, digest } : undefined
  if (op === 'hold') {
    const what = asDescriptor(object['what'])
    return what === undefined ? undefined : { op, repository, what, atMs }
  }
  if (!isDigest(subject)) return undefined
  if (op === 'unrefer') return isDigest(referrer) ? { op, repository, subject, referrer } : undefined
  const described = asDescriptor(referrer)
  return described === undefined ? undefined : { op: 'refer', repository, subject, referrer: described }
}

function decodeName(object: Readonly<Record<string, unknown>>, atMs: number): Change | FirstChange | undefined {
  const name = asReference(object['name'])
  const target = asDescriptor(object['target'])
  if (name === undefined || target === undefined) return undefined
  const { isPinned, image } = object
  if (typeof isPinned === 'boolean') return { op: 'name', name, target, isPinned, atMs }
  return { op: 'first-name', name: { name, target, image: asImageId(image), atMs } }
}

function asContents(value: unknown): readonly ContentRow[] | undefined {
  if (!Array.isArray(value)) return undefined
  const rows = value.map(asContentRow)
  return rows.every((row) => row !== undefined) ? rows : undefined
}

function asContentRow(value: unknown): ContentRow | undefined {
  const object = asObject(value)
  if (object?.['kind'] === 'image') {
    const image = asPlatformImage(object['image'])
    return image === undefined ? undefined : { kind: 'image', image }
  }
  const other = object?.['kind'] === 'other' ? asOther(object['other']) : undefined
  return other === undefined ? undefined : { kind: 'other', other }
}

function asOther(value: unknown): OtherContent | undefined {
  const object = asObject(value)
  const manifest = asDescriptor(object?.['manifest'])
  const parts = asDescriptors(object?.['parts'])
  return manifest === undefined || parts === undefined ? undefined : { manifest, parts }
}

function asImageId(value: unknown): ImageId | undefined {
  return typeof value === 'string' && tryParseDigest(value).ok ? parseImageId(value) : undefined
}

function asRepository(value: unknown): Repository | undefined {
  const { domain, path } = asObject(value) ?? {}
  return typeof domain === 'string' && typeof path === 'string' ? { domain, path } : undefined
}

function asReference(value: unknown): Reference | undefined {
  const object = asObject(value)
  if (object === undefined) return undefined
  const { domain, path, tag, digest } = object
  if (typeof domain !== 'string' || typeof path !== 'string') return undefined
  if (isDigest(digest)) return { domain, path, digest }
  return typeof tag === 'string' ? { domain, path, tag } : undefined
}

function asPlatformImage(value: unknown): PlatformImage | undefined {
  const object = asObject(value)
  const id = asImageId(object?.['id'])
  const manifest = asDescriptor(object?.['manifest'])
  const config = asDescriptor(object?.['config'])
  const platform = asPlatform(object?.['platform'])
  const layers = asDescriptors(object?.['layers'])
  const size = object?.['size']
  if (id === undefined || manifest === undefined || config === undefined || platform === undefined) return undefined
  if (layers === undefined || typeof size !== 'number') return undefined
  const created = object?.['created']
  return { id, manifest, config, platform, size, layers, ...(typeof created === 'string' && { created }) }
}
