import process from 'node:process'

import { saveImages, type ArchiveFormat } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'
import { readPlatforms } from '../input/platforms.ts'

/** Options of `dray save`. */
export interface SaveCommandOptions {
  readonly output?: string | undefined
  readonly as: ArchiveFormat
  /** Each may hold several, separated by commas. */
  readonly platform?: readonly string[] | undefined
}

/** `dray save [-o FILE] [--as FORMAT] [--platform P,...] REF...`: store to archive; without `-o` the archive goes to stdout. */
export async function saveCommand(
  context: CommandContext,
  names: readonly string[],
  { output = '-', as, platform }: SaveCommandOptions,
): Promise<void> {
  const toPipe = output === '-'
  if (toPipe && process.stdout.isTTY) {
    throw new UsageError('Cannot save to a terminal', { hint: 'Name a file with -o, or pipe the output.' })
  }
  await saveImages(context.runtime, names, {
    format: as,
    platforms: readPlatforms(platform),
    output: toPipe ? process.stdout : output,
    signal: context.signal,
  })
}
