import { isDigest, tryParseDigest, type Digest } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import { RegistryRecordError } from '../errors.ts'
import type { UploadSession } from '../storage/storage.ts'

/** The text of a record. */
export function encodeRecord(value: Descriptor | UploadSession): string {
  return `${JSON.stringify(value)}\n`
}

/** Reads the record of a descriptor. @throws RegistryRecordError `ERR_REGISTRY_RECORD` */
export function decodeDescriptor(path: string, text: string): Descriptor {
  const { mediaType, digest, size, artifactType, annotations } = parseObject(path, text)
  if (typeof mediaType !== 'string' || !isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size)) {
    throw new RegistryRecordError(path, 'it is not a descriptor')
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
    throw new RegistryRecordError(path, 'it is not an upload')
  }
  return { id, repository, startedAtMs }
}

/** Reads the record of a tag. @throws RegistryRecordError `ERR_REGISTRY_RECORD` */
export function decodeTag(path: string, text: string): Digest {
  const digest = text.trim()
  if (isDigest(digest)) return digest
  throw new RegistryRecordError(path, 'it is not a digest')
}

function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RegistryRecordError(path, 'it is not JSON', { cause })
  }
  if (!isObject(value)) throw new RegistryRecordError(path, 'it is not a JSON object')
  return value
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isStringMap(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((entry) => typeof entry === 'string')
}

/** The file name of a digest. */
export function digestFile(digest: Digest): string {
  return digest.replace(':', '-')
}

/** The digest whose file has this name; `undefined` for any other file. */
export function fileDigest(name: string): Digest | undefined {
  const parsed = tryParseDigest(name.replace('-', ':'))
  return parsed.ok ? parsed.value : undefined
}

/** The directory of a repository: one level, so that the path of one repository may continue that of another. */
export function repositoryFile(repository: string): string {
  return repository.replaceAll('/', '+')
}

/** The repository whose directory has this name. */
export function fileRepository(name: string): string {
  return name.replaceAll('+', '/')
}

/**
 * The file name of a tag: in lower case, and the positions of its capitals as a hex number, so that tags stay apart on
 * file systems that ignore case.
 */
export function tagFile(tag: string): string {
  const capitals = Array.from(tag, (letter) => (letter >= 'A' && letter <= 'Z' ? '1' : '0')).join('')
  return `${tag.toLowerCase()}+${BigInt(`0b${capitals}`).toString(16)}`
}

/** The tag whose file has this name; `undefined` for any other file. */
export function fileTag(name: string): string | undefined {
  const match = /^([a-z0-9_][a-z0-9_.-]{0,127})\+([0-9a-f]{1,32})$/.exec(name)
  if (match === null) return undefined
  const [, lower = '', mask = ''] = match
  const capitals = BigInt(`0x${mask}`).toString(2).padStart(lower.length, '0')
  return Array.from(lower, (letter, index) => (capitals[index] === '1' ? letter.toUpperCase() : letter)).join('')
}
