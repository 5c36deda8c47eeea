import { quote } from '@drayage/bytes'
import { ArchiveFormatError, ArchiveLimitError } from '../errors.ts'

/** One image of an archive, with names of files in it. */
export interface DockerArchiveItem {
  /** Absent before `manifest.json`. */
  readonly config?: string
  /** Directories whose `json` tell the config, bottom to top, before `manifest.json`. */
  readonly stack?: readonly string[]
  readonly repoTags: readonly string[]
  /** Bottom to top. */
  readonly layers: readonly string[]
  /** The image that this one was built on, as an ID. */
  readonly parent?: string
}

/** The most images of one archive. */
export const MAX_ARCHIVE_IMAGES = 10_000

/** The largest `manifest.json`, in bytes: 4 MiB. */
export const MAX_ARCHIVE_MANIFEST_BYTES: number = 4 * 2 ** 20

const MOST_LAYERS = 10_000
const MOST_TAGS = 10_000

/**
 * Decodes `manifest.json`; names of its members may be in any case, as Go reads them.
 *
 * @throws ArchiveFormatError `ERR_ARCHIVE_FORMAT`
 * @throws ArchiveLimitError `ERR_ARCHIVE_LIMIT`
 */
export function decodeDockerArchiveManifest(bytes: Uint8Array): DockerArchiveItem[] {
  const value = parse(bytes)
  if (value === null) throw malformed('invalid manifest, manifest cannot be null (but can be [])')
  if (!Array.isArray(value)) throw malformed('invalid manifest, expected a list of images')
  if (value.length > MAX_ARCHIVE_IMAGES) {
    throw new ArchiveLimitError('images', `${value.length} images`, MAX_ARCHIVE_IMAGES)
  }
  return value.map(item)
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new ArchiveFormatError('content', 'invalid manifest, manifest.json is no JSON', { cause })
  }
}

function item(value: unknown, position: number): DockerArchiveItem {
  if (typeof value !== 'object' || value === null) throw malformed(`invalid manifest, image ${position} is no object`)
  const members = inAnyCase(value)
  const config = members.get('config')
  const parent = members.get('parent')
  if (typeof config !== 'string' || config === '') {
    throw malformed(`invalid manifest, image ${position} names no config`)
  }
  return {
    config,
    repoTags: texts(members.get('repotags'), `RepoTags of image ${position}`, MOST_TAGS),
    layers: texts(members.get('layers'), `Layers of image ${position}`, MOST_LAYERS),
    ...(typeof parent === 'string' && parent !== '' && { parent }),
  }
}

/** The members of an object by their names in lower case, of equal ones the last. */
export function inAnyCase(value: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(value).map(([name, member]: [string, unknown]) => [name.toLowerCase(), member]))
}

function texts(value: unknown, what: string, most: number): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || value.length > most) throw malformed(`invalid manifest, ${what} are no list of names`)
  return value.map((one: unknown) => {
    if (one === null) return ''
    if (typeof one !== 'string')
      throw malformed(`invalid manifest, ${quote(JSON.stringify(one))} in ${what} is no name`)
    return one
  })
}

function malformed(found: string): ArchiveFormatError {
  return new ArchiveFormatError('content', found)
}
