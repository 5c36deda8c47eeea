import { isDigest, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { RegistryRecordError } from '../errors.ts'
import type { UploadSession } from '../storage.ts'

/** The text of a record. */
export function encodeRecord(value: Descriptor | UploadSession): string {
  return `${JSON.stringify(value)}\n`
}

/** Reads the record of a descriptor. @throws RegistryRecordError `ERR_REGISTRY_RECORD` */
export function decodeDescriptor(path: string, text: string): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = parseObject(path, text)
  if (typeof mediaType !== 'string' || !isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size)) {
    throw new RegistryRecordError(path, 'other fields', 'a descriptor')
  }
  return {
    mediaType,
    digest,
    size,
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(isStringMap(annotations) ? { annotations } : {}),
  }
}

/** Reads the record of an upload. @throws RegistryRecordError `ERR_REGISTRY_RECORD` */
export function decodeSession(path: string, text: string): UploadSession {
  const { id, repository, startedAtMs } = parseObject(path, text)
  if (typeof id !== 'string' || typeof repository !== 'string' || typeof startedAtMs !== 'number') {
    throw new RegistryRecordError(path, 'other fields', 'an upload')
  }
  return { id, repository, startedAtMs }
}

/** Reads the record of a tag. @throws RegistryRecordError `ERR_REGISTRY_RECORD` */
export function decodeTag(path: string, text: string): Digest {
  const digest = text.trim()
  if (isDigest(digest)) return digest
  throw new RegistryRecordError(path, `${text.length} other characters`, 'a digest')
}

function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RegistryRecordError(path, 'no JSON', 'an object', { cause })
  }
  if (!isObject(value)) throw new RegistryRecordError(path, 'another value', 'an object')
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStringMap(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === 'string')
}
