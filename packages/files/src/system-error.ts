/** The code of an error of the operating system, such as `ENOENT`; `undefined` for any other value. */
export function systemCode(error: unknown): string | undefined {
  const isOfSystem = error instanceof Error && 'code' in error && 'syscall' in error
  return isOfSystem && typeof error.code === 'string' ? error.code : undefined
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
