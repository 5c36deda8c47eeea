import process from 'node:process'

import { saveImages, type ArchiveFormat } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray save`. */
export interface SaveCommandOptions {
  readonly output?: string | undefined
  readonly as: ArchiveFormat
}

/** `dray save [-o FILE] [--as FORMAT] REF...`: store to archive; without `-o` the archive goes to stdout. */
export async function saveCommand(
  context: CommandContext,
  names: readonly string[],
  options: SaveCommandOptions,
): Promise<void> {
  const toPipe = options.output === undefined || options.output === '-'
  if (toPipe && process.stdout.isTTY) {
    throw new UsageError('Cannot save to a terminal: expected -o FILE or a pipe')
  }
  await saveImages(context.runtime, names, {
    format: options.as,
    output: toPipe ? process.stdout : (options.output ?? ''),
    signal: context.signal,
  })
}
