import { isDigest } from '@drayage/digest'
import type { Descriptor, Platform } from '@drayage/manifest'

import type { ListedFacts } from './stored-image.ts'

/** A plain object, or nothing. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** A descriptor as this package wrote it, or nothing. */
export function asDescriptor(value: unknown): Descriptor | undefined {
  const object = asObject(value)
  if (object === undefined) return undefined
  const { mediaType, digest, size } = object
  if (typeof mediaType !== 'string' || !isDigest(digest)) return undefined
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined
  return value as Descriptor
}

/** Descriptors as this package wrote them, or nothing. */
export function asDescriptors(value: unknown): readonly Descriptor[] | undefined {
  if (!Array.isArray(value)) return undefined
  const descriptors = value.map(asDescriptor)
  return descriptors.every((descriptor) => descriptor !== undefined) ? descriptors : undefined
}

/** A platform as this package wrote it, or nothing. */
export function asPlatform(value: unknown): Platform | undefined {
  const object = asObject(value)
  if (object === undefined || typeof object['os'] !== 'string' || typeof object['architecture'] !== 'string')
    return undefined
  return value as Platform
}

/** What lists show of an image as this package wrote it, or nothing. */
export function asFacts(value: unknown): ListedFacts | undefined {
  const object = asObject(value)
  if (typeof object?.['unpackedSize'] !== 'number') return undefined
  return value as ListedFacts
}
