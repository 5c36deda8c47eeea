/** Codes of the errors of this package. */
export type RuntimeErrorCode =
  | 'ERR_TRANSPORT'
  | 'ERR_FILTER'
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

  constructor(action: string, place: string, found: string, options?: ErrorOptions) {
    super(`Cannot ${action} ${shown(place)}: ${found}`, options)
    this.place = place
  }
}

/** A filter of a list that is none. */
export class FilterError extends Error {
  override readonly name: string = 'FilterError'
  readonly code: 'ERR_FILTER' = 'ERR_FILTER'
  readonly filter: string

  constructor(filter: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot filter images by ${shown(filter)}: expected ${wanted}`, options)
    this.filter = filter
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

/** A line that changes the config of an image and is none. */
export class ImageChangeError extends Error {
  override readonly name: string = 'ImageChangeError'
  readonly code: 'ERR_IMAGE_CHANGE' = 'ERR_IMAGE_CHANGE'

  constructor(found: string, wanted: string, options?: ErrorOptions) {
    super(`Cannot change the config of the image: found ${shown(found)}, expected ${wanted}`, options)
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
  | StoreLayoutError
  | RemoteDeleteError
  | RegistryConfigError
  | RegistryBlockedError
  | ImageChangeError

const CODES: readonly string[] = [
  'ERR_TRANSPORT',
  'ERR_FILTER',
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
