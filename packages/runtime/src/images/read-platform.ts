import type { AbortOptions } from '@drayage/bytes'
import { readBlob, type Fetcher } from '@drayage/content'
import { MAX_CONFIG_BYTES } from '@drayage/distribution'
import { configClass, decodeImageConfig, platformOf, type DecodedManifest, type Platform } from '@drayage/manifest'

/**
 * What an image runs on by its own config; `undefined` where that does not say, and for what is no image.
 *
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX` for a config that cannot be read, and the errors of the source
 */
export async function readPlatform(
  content: Fetcher,
  manifest: DecodedManifest,
  { signal }: AbortOptions,
): Promise<Platform | undefined> {
  if (manifest.kind !== 'image' || configClass(manifest.value.config.mediaType) !== 'image') return undefined
  const { config } = manifest.value
  const bytes = await readBlob(content, config, { maxBytes: MAX_CONFIG_BYTES, signal })
  return platformOf(decodeImageConfig(bytes, { digest: config.digest, anyCase: true }).value)
}
