import { tagImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** `dray tag SOURCE TARGET`: gives an image of the store another name. */
export async function tagCommand(context: CommandContext, source: string, target: string): Promise<void> {
  await tagImage(context.runtime, source, target, { signal: context.signal })
}
