import { copyImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** Options of `dray copy`. */
export interface CopyCommandOptions {
  readonly all?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `dray copy SOURCE TARGET`: between registries, the store, archives and directories. */
export async function copyCommand(
  context: CommandContext,
  source: string,
  target: string,
  options: CopyCommandOptions,
): Promise<void> {
  const view = context.progress('stderr', { quiet: options.quiet })
  try {
    const copied = await copyImage(context.runtime, source, target, {
      all: options.all === true,
      onEvent: view.onEvent,
      signal: context.signal,
    })
    view.close()
    await context.print(copied.digest)
  } finally {
    view.close()
  }
}
