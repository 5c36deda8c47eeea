/** What `work` rejects with. */
export async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work
  } catch (error) {
    if (error instanceof Error) return error
    throw new TypeError('another thing than an error was thrown', { cause: error })
  }
  throw new Error('nothing failed')
}

/** The codes in a chain of causes. */
export function codesOf(error: unknown): string[] {
  const codes: string[] = []
  for (let at = error; at instanceof Error; at = at.cause) if ('code' in at) codes.push(String(at.code))
  return codes
}
