import process from 'node:process'

import { ARCHIVE_FORMATS, saveImages, type ArchiveFormat } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray save`. */
export interface SaveCommandOptions {
  readonly output?: string | undefined
  readonly as?: string | undefined
}

/** `dray save [-o FILE] [--as FORMAT] REF...`: store to archive; without `-o` a docker-archive goes to stdout. */
export async function saveCommand(
  context: CommandContext,
  names: readonly string[],
  options: SaveCommandOptions,
): Promise<void> {
  const format = parseFormat(options.as ?? 'docker-archive')
  const toPipe = options.output === undefined || options.output === '-'
  if (toPipe && process.stdout.isTTY) {
    throw new UsageError('Cannot save to a terminal: expected -o FILE or a pipe')
  }
  await saveImages(context.runtime, names, {
    format,
    output: toPipe ? process.stdout : (options.output ?? ''),
    signal: context.signal,
  })
}

function parseFormat(text: string): ArchiveFormat {
  const found = ARCHIVE_FORMATS.find((format) => format === text)
  if (found === undefined) {
    throw new UsageError(`Cannot save as "${text}": expected ${ARCHIVE_FORMATS.join(' or ')}`)
  }
  return found
}
