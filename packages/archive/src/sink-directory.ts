import { resolve as resolvePath } from 'node:path'

import { disk, type HeldDirectory, holdDirectory, UnsafePathError } from '@drayage/files'

/** The directory of a layout or of an image that is written, which may belong to somebody else. */
export interface SinkDirectory {
  readonly path: string
  /**
   * Holds it, creating it when it is missing.
   *
   * @throws UnsafePathError `ERR_UNSAFE_PATH` of `@drayage/files`, also when another directory has its place since the
   *   first time
   */
  hold(): Promise<HeldDirectory>
}

/** The directory at `path`, also one that does not exist yet. */
export function sinkDirectory(path: string): SinkDirectory {
  const absolute = resolvePath(path)
  let first: string | undefined
  return {
    path: absolute,
    async hold() {
      const held = await holdDirectory(absolute, { create: true })
      try {
        const { dev, ino } = await disk.lstat(held.at('.'), { bigint: true })
        first ??= `${dev} ${ino}`
        if (first !== `${dev} ${ino}`) throw new UnsafePathError(absolute, 'changed')
        return held
      } catch (error) {
        await held[Symbol.asyncDispose]()
        throw error
      }
    },
  }
}
