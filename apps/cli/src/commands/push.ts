import { pushAllTags, pushImage } from '@drayage/runtime'
import { formatReference } from '@drayage/reference'

import type { CommandContext } from '../command-context.ts'
import { readPlatforms } from '../input/platforms.ts'
import { conversionOf, type ConversionCommandOptions } from './conversion.ts'

/** Options of `dray push`. */
export interface PushCommandOptions extends ConversionCommandOptions {
  readonly allTags?: boolean | undefined
  readonly quiet?: boolean | undefined
  /** Each may hold several, separated by commas. */
  readonly platform?: readonly string[] | undefined
  readonly sparse?: boolean | undefined
}

/** `dray push [-a] [-q] [--platform P,...] [--sparse] [--manifest-format F] [--compression C] REF...`: store to registry; prints what docker prints. */
export async function pushCommand(
  context: CommandContext,
  names: readonly string[],
  options: PushCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const { sparse } = options
  const choice = { ...conversionOf(options), platforms: readPlatforms(options.platform), sparse }
  for (const name of names) {
    const view = context.progress('stdout', { quiet: options.quiet, verb: 'push' })
    try {
      const onEvent = view.onEvent
      const pushed = options.allTags
        ? await pushAllTags(runtime, name, { ...choice, signal, onEvent })
        : [await pushImage(runtime, name, { ...choice, signal, onEvent })]
      view.close()
      for (const { reference, target } of pushed) {
        const { tag = '' } = reference
        if (options.quiet) await context.print(formatReference(reference))
        view.onResult?.({ Tag: tag, Digest: target.digest, Size: target.size })
      }
    } finally {
      view.close()
    }
  }
}
