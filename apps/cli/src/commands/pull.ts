import { pullAllTags, pullImage } from '@drayage/runtime'
import { formatReference } from '@drayage/reference'

import type { CommandContext } from '../command-context.ts'
import { readPlatforms } from '../input/platforms.ts'

/** Options of `dray pull`. */
export interface PullCommandOptions {
  readonly allTags?: boolean | undefined
  readonly platform?: readonly string[] | undefined
  readonly allPlatforms?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `dray pull [-a] [--platform P,... | --all-platforms] [-q] REF...`: registry to store; prints what docker prints. */
export async function pullCommand(
  context: CommandContext,
  names: readonly string[],
  options: PullCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const { allPlatforms } = options
  const pulling = { signal, platforms: readPlatforms(options.platform), allPlatforms }
  for (const name of names) {
    const view = context.progress('stdout', { quiet: options.quiet })
    try {
      const onEvent = view.onEvent
      const pulled = options.allTags
        ? await pullAllTags(runtime, name, { ...pulling, onEvent })
        : [await pullImage(runtime, name, { ...pulling, onEvent })]
      view.close()
      for (const { reference, digest, image } of pulled) {
        const full = formatReference(reference)
        if (view.onResult === undefined) await context.print(full)
        else view.onResult({ Reference: full, Digest: digest, ImageID: image })
      }
    } finally {
      view.close()
    }
  }
}
