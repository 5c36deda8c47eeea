import { pushAllTags, pushImage } from '@drayage/runtime'
import { formatReference } from '@drayage/reference'

import type { CommandContext } from '../command-context.ts'
import { conversionOf, type ConversionCommandOptions } from '../conversion.ts'

/** Options of `dray push`. */
export interface PushCommandOptions extends ConversionCommandOptions {
  readonly allTags?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `dray push [-a] [-q] [--format FORMAT] [--compression KIND[:LEVEL]] REF...`: store to registry, with the lines that docker prints. */
export async function pushCommand(
  context: CommandContext,
  names: readonly string[],
  options: PushCommandOptions,
): Promise<void> {
  const { runtime, signal } = context
  const conversion = conversionOf(options)
  for (const name of names) {
    const view = context.progress('stdout', { quiet: options.quiet, verb: 'push' })
    try {
      const onEvent = view.onEvent
      const pushed = options.allTags
        ? await pushAllTags(runtime, name, { ...conversion, signal, onEvent })
        : [await pushImage(runtime, name, { ...conversion, signal, onEvent })]
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
