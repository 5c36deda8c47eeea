import type { ImageSummary } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../http/api-version.ts'

/**
 * An image of a list as a version of the API has it: the descriptor since 1.48; the number of containers, which is 0, since
 * 1.51; and its size twice before 1.44.
 */
export function listedImage(version: ApiVersion, image: ImageSummary): object {
  const { Descriptor, Platforms: _platforms, Targets: _targets, Fault: _fault, ...shown } = image
  return {
    ...shown,
    Containers: isFrom(version, 51) ? 0 : image.Containers,
    ...(isFrom(version, 48) ? { Descriptor } : {}),
    ...(isFrom(version, 44) ? {} : { VirtualSize: image.Size }),
  }
}
