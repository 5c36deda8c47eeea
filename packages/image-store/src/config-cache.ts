import type { DecodedImageConfig, Descriptor } from '@drayage/manifest'

import type { AbortOptions } from './abort-options.ts'

/** How a config is read. */
export type ReadConfig = (config: Descriptor, options: AbortOptions) => Promise<DecodedImageConfig>

/** How many configs are remembered: what many images of a list are made from. */
export const MOST_CONFIGS = 256

/** Bytes from which on a config is read each time: a few large ones would take as much memory as all others. */
export const LARGE_CONFIG_BYTES: number = 64 * 1024

/**
 * Remembers what `read` gave, as far as it was used last: a config never changes under its digest, and lists ask for all
 * of them each time. Configs that are read are verified by `read`.
 */
export function rememberConfigs(read: ReadConfig): ReadConfig {
  const known = new Map<string, DecodedImageConfig>()
  return async (config, options) => {
    options.signal?.throwIfAborted()
    const key = `${config.digest} ${config.size} ${config.mediaType}`
    const decoded = known.get(key) ?? (await read(config, options))
    if (config.size >= LARGE_CONFIG_BYTES) return decoded
    known.delete(key)
    known.set(key, decoded)
    const [oldest] = known.keys()
    if (known.size > MOST_CONFIGS && oldest !== undefined) known.delete(oldest)
    return decoded
  }
}
