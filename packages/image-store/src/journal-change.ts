import { isDigest, parseImageId, tryParseDigest, type ImageId } from '@drayage/digest'
import type { Reference } from '@drayage/reference'

import type { NewImage } from './image-record.ts'
import type { Change } from './journal.ts'
import { asDescriptor, asDescriptors, asObject, asPlatform } from './record-codec.ts'

/** A change as the journal keeps it; nothing when it is of a form that this release does not know. */
export function decodeChange(value: unknown): Change | undefined {
  const object = asObject(value)
  const atMs = typeof object?.['atMs'] === 'number' ? object['atMs'] : 0
  switch (object?.['op']) {
    case 'name': {
      const name = asReference(object['name'])
      const target = asDescriptor(object['target'])
      if (name === undefined || target === undefined) return undefined
      return { op: 'name', name, target, image: asImageId(object['image']), atMs }
    }
    case 'unname': {
      const name = asReference(object['name'])
      return name === undefined ? undefined : { op: 'unname', name }
    }
    case 'image': {
      const image = asNewImage(object['image'])
      return image === undefined ? undefined : { op: 'image', image, atMs }
    }
    case 'unimage': {
      const id = asImageId(object['id'])
      return id === undefined ? undefined : { op: 'unimage', id }
    }
    default:
      return undefined
  }
}

function asImageId(value: unknown): ImageId | undefined {
  return typeof value === 'string' && tryParseDigest(value).ok ? parseImageId(value) : undefined
}

function asReference(value: unknown): Reference | undefined {
  const object = asObject(value)
  if (object === undefined) return undefined
  const { domain, path, tag, digest } = object
  if (typeof domain !== 'string' || typeof path !== 'string') return undefined
  if (isDigest(digest)) return { domain, path, digest }
  return typeof tag === 'string' ? { domain, path, tag } : undefined
}

function asNewImage(value: unknown): NewImage | undefined {
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
