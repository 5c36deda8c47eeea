import process from 'node:process'
import { addAbortSignal } from 'node:stream'

import { familiarReference } from '@drayage/reference'
import { loadImages, type LoadedImage } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray load`. */
export interface LoadCommandOptions {
  readonly input?: string | undefined
  readonly quiet?: boolean | undefined
}

/** `dray load [-i FILE]`: archive to store; without `-i` the archive comes from stdin. */
export async function loadCommand(context: CommandContext, options: LoadCommandOptions): Promise<void> {
  const fromPipe = options.input === undefined || options.input === '-'
  if (fromPipe && process.stdin.isTTY) throw new UsageError('Cannot load from a terminal: expected -i FILE or a pipe')
  // A pipe that stays open would keep the program from ending when it is stopped.
  const input = fromPipe ? addAbortSignal(context.signal, process.stdin) : (options.input ?? '')
  const view = context.progress('stderr', { quiet: options.quiet })
  const loaded: LoadedImage[] = []
  try {
    await loadImages(context.runtime, input, {
      signal: context.signal,
      onEvent: view.onEvent,
      onLoaded: (one) => loaded.push(one),
    })
  } finally {
    view.close()
    // Also those before one that failed.
    for (const { image, names, taken } of loaded) {
      for (const { name, from } of taken) {
        const shown = familiarReference(name)
        await context.print(`The image ${shown} already exists, renaming the old one with ID ${from} to empty string`)
      }
      for (const name of names) await context.print(`Loaded image: ${familiarReference(name)}`)
      if (names.length === 0) await context.print(`Loaded image ID: ${image}`)
    }
  }
}
