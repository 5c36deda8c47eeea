import { type AbortOptions, quote } from '@drayage/bytes'

import { type ArchiveFiles, readArchiveFile } from '../tar/archive-files.ts'
import {
  type DockerArchiveItem,
  inAnyCase,
  MAX_ARCHIVE_IMAGES,
  MAX_ARCHIVE_MANIFEST_BYTES,
} from './docker-archive-manifest.ts'
import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'
import type { LegacyJson } from './legacy-config.ts'

/** The largest `json` of a layer, in bytes: 1 MiB. */
const MAX_JSON_BYTES = 2 ** 20

/** More layers than any engine could run. */
const MOST_LAYERS = 1000

/** The most layers of all images together, each counted where it is: many images may sit on the same ones. */
const MAX_LEGACY_LAYERS = 262_144

/**
 * The images of an archive from before `manifest.json`: each directory with a `json` is a layer that may have a parent,
 * and an image is what `repositories` names or what nothing sits on. Names of directories only tell what sits on what.
 * Nothing when there are no such directories.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 */
export async function legacyItems(
  files: ArchiveFiles,
  { signal }: AbortOptions,
): Promise<DockerArchiveItem[] | undefined> {
  const parents = new Map<string, string | undefined>()
  for (const name of files.names) {
    const [directory = '', file, ...deeper] = name.split('/')
    if (file !== 'json' || deeper.length > 0) continue
    const parent = inAnyCase(await readLegacyJson(files, directory, { signal })).get('parent')
    parents.set(directory, typeof parent === 'string' && parent !== '' ? parent : undefined)
  }
  if (parents.size === 0) return undefined
  const tags = tagsOf(await files.read('repositories', { maxBytes: MAX_ARCHIVE_MANIFEST_BYTES, signal }))
  for (const id of tags.keys()) {
    if (!parents.has(id)) throw new ArchiveFormatError('missing', `it lacks the file ${quote(`${id}/json`)}`)
  }
  const below = new Set(parents.values())
  const images = [...parents.keys()].filter((id) => tags.has(id) || !below.has(id))
  if (images.length > MAX_ARCHIVE_IMAGES) {
    throw new ArchiveLimitError('images', `${images.length} images`, MAX_ARCHIVE_IMAGES)
  }
  // Where nothing is on top, everything sits on each other.
  if (images.length === 0) throw new ArchiveFormatError('link', 'its layers sit on each other in a circle')
  let count = 0
  return images.map((id) => {
    const stack = stackOf(id, parents)
    count += stack.length
    if (count > MAX_LEGACY_LAYERS) throw new ArchiveLimitError('layers', 'more layers', MAX_LEGACY_LAYERS)
    return { stack, layers: stack.map((each) => `${each}/layer.tar`), repoTags: tags.get(id) ?? [] }
  })
}

/** Reads the `json` of a layer. @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT` */
export async function readLegacyJson(
  files: ArchiveFiles,
  directory: string,
  { signal }: AbortOptions,
): Promise<LegacyJson> {
  const name = `${directory}/json`
  const bytes = await readArchiveFile(files.require(name), name, { maxBytes: MAX_JSON_BYTES, signal })
  return parseObject(bytes, name)
}

/** The directories of an image, bottom to top. */
function stackOf(top: string, parents: ReadonlyMap<string, string | undefined>): string[] {
  const stack: string[] = []
  for (let id: string | undefined = top; id !== undefined; id = parents.get(id)) {
    if (!parents.has(id)) throw new ArchiveFormatError('missing', `it lacks the file ${quote(`${id}/json`)}`)
    if (stack.length === MOST_LAYERS) {
      const found = `${quote(top)} sits on layers in a circle or on more than ${MOST_LAYERS}`
      throw new ArchiveFormatError('link', found)
    }
    stack.push(id)
  }
  return stack.toReversed()
}

/** The names with tags in `repositories`, by the directory that they stand for. */
function tagsOf(bytes: Uint8Array | undefined): Map<string, string[]> {
  const tags = new Map<string, string[]>()
  if (bytes === undefined) return tags
  for (const [name, ids] of Object.entries(parseObject(bytes, 'repositories'))) {
    if (typeof ids !== 'object') throw noTags(name)
    for (const [tag, id] of Object.entries(ids ?? {})) {
      if (typeof id !== 'string') throw noTags(name)
      const known = tags.get(id) ?? []
      tags.set(id, known)
      known.push(`${name}:${tag}`)
    }
  }
  return tags
}

function noTags(name: string): ArchiveFormatError {
  return new ArchiveFormatError('content', `${quote(name)} in repositories has no IDs by tag`)
}

function parseObject(bytes: Uint8Array, name: string): LegacyJson {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ArchiveFormatError('content', `${quote(name)} is no JSON`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new ArchiveFormatError('content', `${quote(name)} is no object`)
}
