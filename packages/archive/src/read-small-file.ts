import { type AbortOptions, collect } from '@drayage/bytes'

import { openContentFile } from './content-file.ts'

/** Reads a file into memory; nothing when there is none, or a link or a pipe in its place. */
export async function readSmallFile(
  path: string,
  { maxBytes, signal }: AbortOptions & { readonly maxBytes: number },
): Promise<Uint8Array | undefined> {
  const file = await openContentFile(path)
  if (file === undefined) return undefined
  try {
    return await collect(file.open({ offset: 0, signal }), { maxBytes, signal })
  } finally {
    await file.close()
  }
}
