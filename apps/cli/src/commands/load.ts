import process from 'node:process'
import { addAbortSignal } from 'node:stream'

import { loadedLines } from '@drayage/distribution'
import { loadImages, type LoadedImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'
import { readPlatforms } from '../input/platforms.ts'

/** Options of `dray load`. */
export interface LoadCommandOptions {
  readonly input?: string | undefined
  readonly platform?: readonly string[] | undefined
  readonly quiet?: boolean | undefined
}

/** `dray load [-i FILE] [--platform P,...]`: archive to store; without `-i` the archive comes from stdin. */
export async function loadCommand(
  context: CommandContext,
  { input = '-', platform, quiet }: LoadCommandOptions,
): Promise<void> {
  const platforms = readPlatforms(platform)
  const fromPipe = input === '-'
  if (fromPipe && process.stdin.isTTY) {
    throw new UsageError('Cannot load from a terminal', { hint: 'Name a file with -i, or pipe an archive in.' })
  }
  // A pipe that stays open would keep the program from ending when it is stopped.
  const source = fromPipe ? addAbortSignal(context.signal, process.stdin) : input
  const view = context.progress('stderr', { quiet })
  const loaded: LoadedImage[] = []
  try {
    await loadImages(context.runtime, source, {
      signal: context.signal,
      platforms,
      onEvent: view.onEvent,
      onLoaded: (one) => loaded.push(one),
    })
  } finally {
    view.close()
    // Also the images that came before one that failed.
    for (const line of loaded.flatMap(loadedLines)) await context.print(line)
  }
}
