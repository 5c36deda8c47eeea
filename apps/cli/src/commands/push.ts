import { parsePlatform } from '@drayage/manifest'
import { hostPlatform, pushAllTags, pushImage } from '@drayage/runtime'
import { formatReference } from '@drayage/reference'

import type { CommandContext } from '../command-context.ts'
import { conversionOf, type ConversionCommandOptions } from '../conversion.ts'

/** Options of `dray push`. */
export interface PushCommandOptions extends ConversionCommandOptions {
  readonly allTags?: boolean | undefined
  readonly quiet?: boolean | undefined
  readonly platform?: string | undefined
}

/** `dray push [-a] [-q] [--platform P] [--format FORMAT] [--compression KIND[:LEVEL]] REF...`: store to registry, with the lines that docker prints. */
export async function pushCommand(
  context: CommandContext,
  names: readonly string[],
  options: PushCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const platform = options.platform && { platform: parsePlatform(options.platform, { host: hostPlatform() }) }
  const choice = { ...conversionOf(options), ...platform }
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
