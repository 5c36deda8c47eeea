/** Codes of the errors that say what the system said, and keep that as their cause. */
const WRAPPERS: ReadonlySet<unknown> = new Set(['ERR_FILE_READ', 'ERR_FILE_WRITE'])

/**
 * The code of an error of the operating system, such as `ENOENT`, also of one that is the cause of an `ERR_FILE_READ` or
 * `ERR_FILE_WRITE`; `undefined` for any other value.
 */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  if (WRAPPERS.has(error.code)) return systemCode(error.cause)
  return 'syscall' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Tells whether `error` says that nothing has the name that was asked for. */
export function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** What `work` gives; `undefined` where it fails since nothing has the name, see {@link isMissing}. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
