import { digestOf } from '@drayage/digest'
import { buildImage, layerFromTar, type TestImage } from '@drayage/testkit'

import { squeeze, type Materials } from './materials.ts'
import { join, mutateBytes } from './mutate.ts'
import type { Random } from './random.ts'

/** An image with correct digests whose layers are broken tars, bombs, or not what the config says. */
export async function evilImage(random: Random, materials: Materials): Promise<TestImage> {
  const layers = Array.from({ length: random.between(1, 3) }, () => {
    const tar = evilTar(random, materials)
    const bytes = squeeze(random, tar)
    const layer = layerFromTar(random.chance(0.8) ? tar : mutateBytes(random, tar))
    return { ...layer, bytes, descriptor: { ...layer.descriptor, digest: digestOf(bytes), size: bytes.byteLength } }
  })
  return await buildImage({ layers, format: random.pick(['oci', 'docker']) })
}

function evilTar(random: Random, { images }: Materials): Uint8Array {
  const { tar } = random.pick(random.pick(images).layers)
  switch (random.int(5)) {
    case 0:
      return random.bytes(random.int(20_000))
    case 1:
      return new Uint8Array(random.chance(0.1) ? 20_000_000 : 200_000)
    case 2:
      return join(tar, random.bytes(random.int(2000)))
    default:
      return mutateBytes(random, tar)
  }
}
