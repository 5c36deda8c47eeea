import { quote } from '@drayage/bytes'
import { parseSize } from '@drayage/distribution'
import { checkPruneFilters } from '@drayage/runtime'

import { ConfigError, reasonOf } from '../errors.ts'
import type { Config } from './config.ts'

/** How full a store may be: bytes of its content, or percent of its file system that are in use, by whatever. */
export interface WaterMark {
  readonly unit: 'bytes' | 'percent'
  readonly value: number
}

/** By which policy a daemon removes images from its store. */
export interface PruneSettings {
  /** Above `high`, images go until the store is at `low`; both have one unit. */
  readonly marks?: { readonly high: WaterMark; readonly low: WaterMark } | undefined
  /** How many tags of each repository stay; all by default. */
  readonly keep?: number | undefined
  readonly filters: readonly string[]
  readonly intervalMs: number
  /** How long images must not have been used to go. */
  readonly unusedForMs: number
}

/**
 * What the configuration says of pruning; `undefined` when nothing is to be pruned.
 *
 * @throws ConfigError `ERR_DAEMON_CONFIG`
 */
export function pruneSettings(config: Config): PruneSettings | undefined {
  const marks = readMarks(config)
  const filters = config.texts('prune.filters') ?? []
  try {
    checkPruneFilters(filters)
  } catch (cause) {
    throw new ConfigError(`Cannot use prune.filters: ${reasonOf(cause)}`, { cause })
  }
  const keep = config.count('prune.keep')
  if (marks === undefined && keep === 0) return undefined
  return {
    marks,
    keep: keep === 0 ? undefined : keep,
    filters,
    intervalMs: config.count('prune.interval') * 1000,
    unusedForMs: config.count('prune.min-age') * 1000,
  }
}

function readMarks(config: Config): PruneSettings['marks'] {
  const [high, low] = [readMark(config, 'prune.high'), readMark(config, 'prune.low')]
  if (high === undefined && low !== undefined) throw new ConfigError('Cannot use prune.low: prune.high is not set')
  if (high === undefined || low === undefined) return high && { high, low: high }
  if (high.unit !== low.unit || low.value > high.value) {
    throw new ConfigError('Cannot use prune.low: expected what is at most prune.high, both in percent or both in bytes')
  }
  return { high, low }
}

function readMark(config: Config, key: string): WaterMark | undefined {
  const text = config.text(key)
  if (text === undefined) return undefined
  if (/^\d{1,2}%$/.test(text)) return { unit: 'percent', value: Number.parseInt(text, 10) }
  const bytes = parseSize(text)
  if (bytes !== undefined) return { unit: 'bytes', value: bytes }
  throw new ConfigError(
    `Cannot use ${key}: found ${quote(text, 160)}, expected a size such as 20GB, or percent such as 85%`,
  )
}
