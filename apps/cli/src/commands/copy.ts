import { quote } from '@drayage/bytes'
import { copyImages, planImages, type CopyImageOptions } from '@drayage/runtime'

import type { CommandContext } from '../command-context.ts'
import { UsageError } from '../errors.ts'
import { readPlatforms } from '../input/platforms.ts'
import { formatPlan } from '../output/plan.ts'
import { createRowPrinter, type Column } from '../output/rows.ts'
import { conversionOf, type ConversionCommandOptions } from './conversion.ts'

/** Options of `dray copy`. */
export interface CopyCommandOptions extends ConversionCommandOptions {
  readonly all?: boolean | undefined
  readonly index?: CopyImageOptions['index'] | undefined
  /** Each may hold several, separated by commas. */
  readonly platform?: readonly string[] | undefined
  readonly preserveDigests?: boolean | undefined
  readonly referrers?: boolean | undefined
  readonly referrersType?: readonly string[] | undefined
  readonly referrersDepth?: string | undefined
  readonly dryRun?: boolean | undefined
  readonly format?: string | undefined
  readonly quiet?: boolean | undefined
}

const COLUMNS: readonly Column[] = [
  ['SOURCE', 'Source'],
  ['DIGEST', 'Digest'],
  ['SIZE', 'Size'],
]

/** `dray copy [options] SOURCE... TARGET`: between all places. */
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
  const { format, dryRun = false } = options
  const printer = createRowPrinter(context, format ?? '{{.Digest}}', COLUMNS)
  const view = context.progress('stderr', { quiet: options.quiet })
  const working = { ...choice, onEvent: view.onEvent, signal: context.signal }
  try {
    if (dryRun) {
      const plans = await planImages(context.runtime, sources, target, working)
      view.close()
      for (const plan of plans) {
        if (format === undefined) await context.print(formatPlan(plan))
        else await printer.row({ ...plan })
      }
    } else {
      const copied = await copyImages(context.runtime, sources, target, working)
      view.close()
      for (const [at, { mediaType, digest, size }] of copied.entries()) {
        await printer.row({ Source: sources[at], Digest: digest, MediaType: mediaType, Size: size })
      }
    }
    if (format !== undefined) await printer.end()
  } finally {
    view.close()
  }
}

function choiceOf(options: CopyCommandOptions): CopyImageOptions {
  const { all = false, preserveDigests = false, index = all ? 'full' : undefined } = options
  const platforms = readPlatforms(options.platform) ?? []
  if (all && index !== 'full') throw new UsageError(`Cannot copy all: --index ${index} chooses less`)
  if (index === 'full' && platforms.length > 0) {
    throw new UsageError('Cannot copy a full index: --platform chooses less')
  }
  return { platforms, preserveDigests, ...(index !== undefined && { index }), ...referrersOf(options) }
}

function referrersOf({ referrers, referrersType, referrersDepth }: CopyCommandOptions): CopyImageOptions {
  const types = referrersType ?? []
  if (referrers !== true && types.length === 0 && referrersDepth === undefined) return {}
  if (referrersDepth !== undefined && !/^[1-9]\d{0,3}$/.test(referrersDepth)) {
    throw new UsageError(`Cannot use --referrers-depth ${quote(referrersDepth)}: expected a number from 1 to 9999`)
  }
  return {
    referrers: {
      ...(types.length > 0 && { artifactTypes: types }),
      ...(referrersDepth !== undefined && { maxDepth: Number(referrersDepth) }),
    },
  }
}
