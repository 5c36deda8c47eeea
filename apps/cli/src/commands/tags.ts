import { escapeText } from '@drayage/bytes'
import { parseRepository } from '@drayage/reference'
import { remoteTags } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'

/** `dray tags REPOSITORY`: the tags of a repository, one a line. */
export async function tagsCommand(context: CommandContext, name: string): Promise<void> {
  const { runtime, signal, onEvent } = context
  const tags = remoteTags(runtime, parseRepository(name), { signal, onEvent })
  for await (const tag of tags) await context.print(escapeText(tag))
}
