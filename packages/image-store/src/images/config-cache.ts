import { createLruMap, type AbortOptions } from '@drayage/bytes'
import type { DecodedImageConfig, Descriptor } from '@drayage/manifest'

/** How a config is read. */
export type ReadConfig = (config: Descriptor, options: AbortOptions) => Promise<DecodedImageConfig>

/** How many configs are remembered: as many as a long list of images needs. */
export const MOST_CONFIGS = 256

/** Bytes from which on a config is read each time: a few large ones would take as much memory as all others. */
export const LARGE_CONFIG_BYTES: number = 64 * 1024

/** Remembers what `read` gave last: a config never changes under its digest, and each list asks for all of them. */
export function rememberConfigs(read: ReadConfig): ReadConfig {
  const known = createLruMap<string, DecodedImageConfig>({ maxEntries: MOST_CONFIGS })
  return async (config, options) => {
    options.signal?.throwIfAborted()
    const key = `${config.digest} ${config.size} ${config.mediaType}`
    const decoded = known.get(key) ?? (await read(config, options))
    if (config.size < LARGE_CONFIG_BYTES) known.set(key, decoded)
    return decoded
  }
}
