/** A file that cannot be locked, as it can be neither opened nor created; the system's reason is the cause. */
export class FileLockError extends Error {
  override readonly name: string = 'FileLockError'
  readonly code: 'ERR_FILE_LOCK' = 'ERR_FILE_LOCK'

  constructor(path: string, options?: ErrorOptions) {
    super(
      `Cannot lock ${JSON.stringify(path)}: found that it cannot be opened, expected a directory to write in`,
      options,
    )
  }
}

/** Tells whether `value` is a {@link FileLockError}, also one made by another installed copy of this package. */
export function isFileLockError(value: unknown): value is FileLockError {
  return value instanceof Error && 'code' in value && value.code === 'ERR_FILE_LOCK'
}
