import { formatPlatform, normalizePlatform, type Platform } from '@drayage/manifest'

import { EngineRequestError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { imageManifests, targetOf } from './image-manifests.ts'
import { platformOf } from './platform-of.ts'

/**
 * What a name stands for on the platform that a query asks for: the name itself where that is the image that it selects,
 * else the ID of another image of the same index.
 *
 * @throws EngineRequestError `ERR_ENGINE_REQUEST` with status 404 when no image here is for the platform
 */
export async function imageForPlatform(exchange: Exchange, name: string): Promise<string> {
  const platform = platformOf(exchange.query)
  return platform === undefined ? name : await imageOn(exchange, name, platform)
}

/** What a name stands for on a platform; see {@link imageForPlatform}. */
export async function imageOn({ runtime, request }: Exchange, name: string, platform: Platform): Promise<string> {
  const { signal } = request
  const store = await runtime.openStore()
  const image = await store.images.find(name, { signal })
  const isExact = (other: Platform): boolean => isSame(other, platform)
  if (isExact(image.platform)) return name
  for (const { Descriptor, ImageData } of await imageManifests(store, await targetOf(store, image, name), { signal })) {
    if (ImageData === undefined || !isExact(ImageData.Platform)) continue
    const other = await store.images.findImage(Descriptor, { signal })
    if (other !== undefined) return other
  }
  const [found, wanted] = [formatPlatform(image.platform), formatPlatform(platform)]
  throw new EngineRequestError(
    404,
    `image with reference ${name} was found but its platform (${found}) does not match the specified platform (${wanted})`,
  )
}

/** Whether both are one system and CPU; its version counts where both tell one. */
function isSame(a: Platform, b: Platform): boolean {
  const [left, right] = [normalizePlatform(a), normalizePlatform(b)]
  const [version, other] = [a['os.version'], b['os.version']]
  const isVersion = version === undefined || other === undefined || version === other
  const isCpu = left.architecture === right.architecture && left.variant === right.variant
  return left.os === right.os && isCpu && isVersion
}
