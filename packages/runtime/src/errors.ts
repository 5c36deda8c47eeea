import { escapeText, type DrayageErrorOptions } from '@drayage/bytes'
import { shortHex, type Digest } from '@drayage/digest'

/** Codes of the errors of this package. */
export type RuntimeErrorCode =
  | 'ERR_TRANSPORT'
  | 'ERR_FILTER'
  | 'ERR_IMAGE_CONFLICT'
  | 'ERR_PLATFORM_CONFLICT'
  | 'ERR_INDEX_INCOMPLETE'
  | 'ERR_IMAGE_DAMAGED'
  | 'ERR_STORE_LAYOUT'
  | 'ERR_REMOTE_DELETE'
  | 'ERR_IMAGE_CHANGE'
  | 'ERR_REGISTRY_CONFIG'
  | 'ERR_REGISTRY_BLOCKED'

/** Most characters of a text that messages show. */
const LONGEST_SHOWN = 160

function shown(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST_SHOWN))
}

/** A place that images cannot be copied from or to the way it was asked for. */
export class TransportError extends Error {
  override readonly name: string = 'TransportError'
  readonly code: 'ERR_TRANSPORT' = 'ERR_TRANSPORT'
  /** The place as it was named. */
  readonly place: string
  /** What to do about it, where there is something to do. */
  readonly hint: string | undefined

  constructor(action: string, place: string, found: string, options?: DrayageErrorOptions) {
    super(`Cannot ${action} ${shown(place)}: ${found}`, options)
    this.place = place
    this.hint = options?.hint
  }
}

/** An invalid list filter. */
export class FilterError extends Error {
  override readonly name: string = 'FilterError'
  readonly code: 'ERR_FILTER' = 'ERR_FILTER'
  readonly filter: string

  constructor(filter: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot filter images by ${shown(filter)}: expected ${wanted}`, options)
    this.filter = filter
  }
}

/** An image that is not removed because several names need it. */
export class ImageConflictError extends Error {
  override readonly name: string = 'ImageConflictError'
  readonly code: 'ERR_IMAGE_CONFLICT' = 'ERR_IMAGE_CONFLICT'
  readonly hint: string = 'Force the removal, or remove its names one by one.'
  readonly id: Digest
  /** Docker Engine's words for it. */
  readonly reason: string

  constructor(id: Digest, options?: ErrorOptions) {
    super(`Cannot remove image "${shortHex(id)}": it has several names`, options)
    this.id = id
    this.reason = `conflict: unable to delete ${shortHex(id)} (must be forced) - image is referenced in multiple repositories`
  }
}

/** Platforms of an image that are not removed because it has a name. */
export class PlatformConflictError extends Error {
  override readonly name: string = 'PlatformConflictError'
  readonly code: 'ERR_PLATFORM_CONFLICT' = 'ERR_PLATFORM_CONFLICT'
  readonly hint: string = 'Force the removal: the image keeps its names and its other platforms.'
  /** What was to be removed from. */
  readonly image: string
  readonly platforms: readonly string[]

  constructor(image: string, platforms: readonly string[], options?: ErrorOptions) {
    super(`Cannot remove ${platforms.join(', ')} of ${shown(image)}: a name stands for all of it`, options)
    this.image = image
    this.platforms = platforms
  }
}

/** What an {@link IndexIncompleteError} tells. */
export interface IncompleteIndex {
  /** Images and attestations that neither go along nor are there, such as `linux/arm64`. */
  readonly missing: readonly string[]
  /** The platforms of the images that would go along. */
  readonly here: readonly string[]
  /** The option that lets an index go without what it lists. */
  readonly sparse: string
  /** What the rest can be pulled as; the image as it was named by default. */
  readonly origin?: string | undefined
}

/** An index that does not go where it would be without some of its images; nothing was written. */
export class IndexIncompleteError extends Error {
  override readonly name: string = 'IndexIncompleteError'
  readonly code: 'ERR_INDEX_INCOMPLETE' = 'ERR_INDEX_INCOMPLETE'
  readonly hint: string
  /** The image as it was named. */
  readonly image: string
  readonly missing: readonly string[]
  readonly here: readonly string[]

  /** @param action such as `push` */
  constructor(
    action: string,
    image: string,
    { missing, here, sparse, origin = image }: IncompleteIndex,
    options?: ErrorOptions,
  ) {
    const found = here.length === 0 ? 'no image' : listed(here)
    const problem = `its index would be there with ${found} and without ${listed(missing)}`
    super(`Cannot ${action} ${shown(image)}: ${problem}`, options)
    this.hint = [
      `Pull the rest with \`dray pull --all-platforms ${escapeText(origin, LONGEST_SHOWN)}\``,
      `let the index go as it is here with \`${sparse}\``,
      `or one image without it with \`--platform ${escapeText(here[0] ?? 'OS/ARCH', LONGEST_SHOWN)}\`.`,
    ].join(', ')
    this.image = image
    this.missing = missing
    this.here = here
  }
}

/** Most items of a list that messages show. */
const MOST_LISTED = 16

function listed(items: readonly string[]): string {
  const first = items.slice(0, MOST_LISTED).map((item) => escapeText(item, LONGEST_SHOWN))
  return items.length > MOST_LISTED ? `${first.join(', ')} and ${items.length - MOST_LISTED} more` : first.join(', ')
}

/** An image of the store some of whose content is lost or no longer what came. */
export class ImageDamagedError extends Error {
  override readonly name: string = 'ImageDamagedError'
  readonly code: 'ERR_IMAGE_DAMAGED' = 'ERR_IMAGE_DAMAGED'
  readonly hint: string
  /** The image as it was named. */
  readonly image: string

  constructor(image: string, found: string, options?: ErrorOptions) {
    super(`Cannot read image ${shown(image)}: ${found}`, options)
    this.hint = `Pull it again with \`dray pull ${escapeText(image, LONGEST_SHOWN)}\`, or remove it.`
    this.image = image
  }
}

/** A store directory of a layout that this version does not know. */
export class StoreLayoutError extends Error {
  override readonly name: string = 'StoreLayoutError'
  readonly code: 'ERR_STORE_LAYOUT' = 'ERR_STORE_LAYOUT'
  readonly directory: string

  constructor(directory: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot open store ${shown(directory)}: found layout version ${shown(found)}, expected ${wanted}`, options)
    this.directory = directory
  }
}

/** A reference that cannot be deleted from its registry the way it was asked for. */
export class RemoteDeleteError extends Error {
  override readonly name: string = 'RemoteDeleteError'
  readonly code: 'ERR_REMOTE_DELETE' = 'ERR_REMOTE_DELETE'
  readonly reference: string

  constructor(reference: string, found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot delete ${shown(reference)}: found ${found}, expected ${wanted}`, options)
    this.reference = reference
  }
}

/** A malformed line that changes the config of an image. */
export class ImageChangeError extends Error {
  override readonly name: string = 'ImageChangeError'
  readonly code: 'ERR_IMAGE_CHANGE' = 'ERR_IMAGE_CHANGE'
  /** The failure in the words of Docker Engine; may hold text of the line. */
  readonly reason: string

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot change the config of the image: ${escapeText(reason)}`, options)
    this.reason = reason
  }
}

/** A file, or an option, of the configuration of registries that cannot be used. */
export class RegistryConfigError extends Error {
  override readonly name: string = 'RegistryConfigError'
  readonly code: 'ERR_REGISTRY_CONFIG' = 'ERR_REGISTRY_CONFIG'
  readonly file: string
  /** Where in the file, such as `registry[0].mirror[1].location`; empty for the whole file. */
  readonly key: string

  constructor(file: string, key: string, found: string, wanted: string, options?: ErrorOptions) {
    const where = key === '' ? '' : `at ${key.slice(0, LONGEST_SHOWN)} `
    super(`Cannot use ${shown(file)}: found ${where}${found.slice(0, LONGEST_SHOWN)}, expected ${wanted}`, options)
    this.file = file
    this.key = key
  }
}

/** A repository that the configuration does not allow. */
export class RegistryBlockedError extends Error {
  override readonly name: string = 'RegistryBlockedError'
  readonly code: 'ERR_REGISTRY_BLOCKED' = 'ERR_REGISTRY_BLOCKED'
  readonly repository: string
  readonly file: string
  /** Where in the file. */
  readonly key: string

  constructor(repository: string, file: string, key: string, options?: ErrorOptions) {
    super(
      `Cannot ask for ${shown(repository)}: found it blocked at ${key} of ${shown(file)}, expected another`,
      options,
    )
    this.repository = repository
    this.file = file
    this.key = key
  }
}

/** Any error of this package. */
export type RuntimeError =
  | TransportError
  | FilterError
  | ImageConflictError
  | PlatformConflictError
  | IndexIncompleteError
  | ImageDamagedError
  | StoreLayoutError
  | RemoteDeleteError
  | RegistryConfigError
  | RegistryBlockedError
  | ImageChangeError

const CODES: readonly string[] = [
  'ERR_TRANSPORT',
  'ERR_FILTER',
  'ERR_IMAGE_CONFLICT',
  'ERR_PLATFORM_CONFLICT',
  'ERR_INDEX_INCOMPLETE',
  'ERR_IMAGE_DAMAGED',
  'ERR_STORE_LAYOUT',
  'ERR_REMOTE_DELETE',
  'ERR_IMAGE_CHANGE',
  'ERR_REGISTRY_CONFIG',
  'ERR_REGISTRY_BLOCKED',
] satisfies RuntimeErrorCode[]

/** Tells whether `value` is an error of this package, also one made by another installed copy of it. */
export function isRuntimeError(value: unknown): value is RuntimeError {
  return value instanceof Error && 'code' in value && typeof value.code === 'string' && CODES.includes(value.code)
}
