import { parsePlatform, type Platform } from '@drayage/manifest'
import { copyImage, hostPlatform, type CopyImageOptions } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray copy`. */
export interface CopyCommandOptions {
  readonly all?: boolean | undefined
  readonly index?: CopyImageOptions['index'] | undefined
  /** Each may be several, separated by commas. */
  readonly platform?: readonly string[] | undefined
  readonly preserveDigests?: boolean | undefined
  readonly referrers?: boolean | undefined
  readonly referrersType?: readonly string[] | undefined
  readonly referrersDepth?: string | undefined
  readonly quiet?: boolean | undefined
}

/** `dray copy SOURCE TARGET`: between registries, the store, archives and directories. */
export async function copyCommand(
  context: CommandContext,
  source: string,
  target: string,
  options: CopyCommandOptions,
): Promise<void> {
  const choice = choiceOf(options)
  const view = context.progress('stderr', { quiet: options.quiet })
  try {
    const copied = await copyImage(context.runtime, source, target, {
      ...choice,
      onEvent: view.onEvent,
      signal: context.signal,
    })
    view.close()
    await context.print(copied.digest)
  } finally {
    view.close()
  }
}

function choiceOf(options: CopyCommandOptions): CopyImageOptions {
  const { all = false, preserveDigests = false, index = all ? 'full' : undefined } = options
  const platforms = platformsOf(options.platform ?? [])
  if (all && index !== 'full') throw new UsageError(`Cannot copy all: found --index ${index}, expected no --index`)
  if (index === 'full' && platforms.length > 0) {
    throw new UsageError('Cannot copy a full index: found --platform, expected every platform')
  }
  return { platforms, preserveDigests, ...(index !== undefined && { index }), ...referrersOf(options) }
}

function referrersOf({ referrers, referrersType, referrersDepth }: CopyCommandOptions): CopyImageOptions {
  const types = referrersType ?? []
  if (referrers !== true && types.length === 0 && referrersDepth === undefined) return {}
  if (referrersDepth !== undefined && !/^[1-9]\d{0,3}$/.test(referrersDepth)) {
    const found = JSON.stringify(referrersDepth)
    throw new UsageError(`Cannot copy referrers: found --referrers-depth ${found}, expected a number from 1 on`)
  }
  return {
    referrers: {
      ...(types.length > 0 && { artifactTypes: types }),
      ...(referrersDepth !== undefined && { maxDepth: Number(referrersDepth) }),
    },
  }
}

function platformsOf(texts: readonly string[]): Platform[] {
  return texts.flatMap((text) => text.split(',')).map((text) => parsePlatform(text, { host: hostPlatform() }))
}
