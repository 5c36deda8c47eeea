import { removeImage, removePlatforms, type RemovedItem } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { readPlatforms } from '../input/platforms.ts'

/** Options of `dray rmi`. */
export interface RmiCommandOptions {
  readonly force?: boolean | undefined
  readonly platform?: readonly string[] | undefined
}

/**
 * `dray rmi [-f] [--platform P,...] REF...`: removes names, and with the last name what it stood for and its blobs that
 * nothing else uses; with platforms, only the images for them.
 */
export async function rmiCommand(
  context: CommandContext,
  names: readonly string[],
  { force = false, platform }: RmiCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const platforms = readPlatforms(platform)
  const options = { force, signal }
  await context.forEach(names, async (name) => {
    const removed =
      platforms === undefined
        ? await removeImage(runtime, name, options)
        : await removePlatforms(runtime, name, platforms, options)
    for (const item of removed) await context.print(removedLine(item))
  })
}

/** What docker prints for a name or an image that was removed. */
export function removedLine(item: RemovedItem): string {
  return 'Untagged' in item ? `Untagged: ${item.Untagged}` : `Deleted: ${item.Deleted}`
}
