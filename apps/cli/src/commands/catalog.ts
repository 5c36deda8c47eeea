import { escapeText, quote } from '@drayage/bytes'
import { remoteCatalog } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'

/** `dray catalog HOST`: the repositories of a registry, one a line. */
export async function catalogCommand(context: CommandContext, host: string): Promise<void> {
  for await (const path of openCatalog(context, host)) await context.print(escapeText(path))
}

function openCatalog({ runtime, signal, onEvent }: CommandContext, host: string): AsyncIterable<string> {
  try {
    return remoteCatalog(runtime, host, { signal, onEvent })
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new UsageError(`Cannot list the repositories of ${quote(host)}: expected a host`, { cause })
  }
}
