import { parsePlatform, type Platform } from '@drayage/manifest'
import { copyImages, hostPlatform, planImages, type CopyImageOptions } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { conversionOf, type ConversionCommandOptions } from '../conversion.ts'
import { formatPlan } from '../render/plan.ts'
import { terminalJson } from '../render/escape.ts'
import { UsageError } from '../usage-error.ts'

/** Options of `dray copy`. */
export interface CopyCommandOptions extends ConversionCommandOptions {
  readonly all?: boolean | undefined
  readonly index?: CopyImageOptions['index'] | undefined
  /** Each may be several, separated by commas. */
  readonly platform?: readonly string[] | undefined
  readonly preserveDigests?: boolean | undefined
  readonly referrers?: boolean | undefined
  readonly referrersType?: readonly string[] | undefined
  readonly referrersDepth?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
}

/** `dray copy [--format FORMAT] [--compression KIND[:LEVEL]] SOURCE... TARGET`: between all places. */
export async function copyCommand(
  context: CommandContext,
  places: readonly string[],
  options: CopyCommandOptions,
): Promise<void> {
  const sources = places.slice(0, -1)
  const target = places.at(-1)
  if (target === undefined || sources.length === 0) {
    throw new UsageError('Cannot copy: found one place, expected a source and a target')
  }
  const choice = { ...choiceOf(options), ...conversionOf(options) }
  const view = context.progress('stderr', { quiet: options.quiet })
  const working = { ...choice, onEvent: view.onEvent, signal: context.signal }
  try {
    if (options.dryRun === true) {
      const plans = await planImages(context.runtime, sources, target, working)
      view.close()
      for (const plan of plans) await context.print(options.json === true ? terminalJson(plan) : formatPlan(plan))
      return
    }
    const copied = await copyImages(context.runtime, sources, target, working)
    view.close()
    for (const { digest } of copied) await context.print(digest)
  } finally {
    view.close()
  }
}

function choiceOf(options: CopyCommandOptions): CopyImageOptions {
  if (options.json === true && options.dryRun !== true) {
    throw new UsageError('Cannot copy: found --json without --dry-run, expected both')
  }
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
