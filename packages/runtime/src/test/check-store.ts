import { verifyBlob } from '@drayage/content'
import { chainIds } from '@drayage/digest'

import type { Store } from '../store/store.ts'

/** What is wrong with a store: blobs that are not what their names say, and images that are not whole. */
export async function findFaults({ content, images, layers }: Store): Promise<string[]> {
  const faults: string[] = []
  for await (const { digest, size } of content.list()) {
    const state = await verifyBlob(content, { mediaType: 'application/octet-stream', digest, size })
    if (state !== 'intact') faults.push(`blob ${digest} is ${state}`)
  }
  const stored = await images.list()
  for (const { manifest, parts } of stored.flatMap(({ others }) => others)) {
    for (const part of [manifest, ...parts]) {
      if (!(await content.has(part))) faults.push(`content ${manifest.digest} lacks ${part.digest}`)
    }
  }
  for (const image of stored.flatMap(({ platforms }) => platforms)) {
    for (const part of [image.manifest, image.config, ...image.layers]) {
      if (!(await content.has(part))) faults.push(`image ${image.id} lacks ${part.digest}`)
    }
    const config = await images.readConfig(image).catch(() => undefined)
    for (const id of chainIds(config?.value.rootfs?.diff_ids ?? [])) {
      const read = await layersRead(layers, id)
      if (read !== undefined) faults.push(`layer ${id} of image ${image.id}: ${read}`)
    }
  }
  for (const { reference, target } of await images.listNames()) {
    if (!(await content.has(target))) faults.push(`name ${reference} lacks ${target.digest}`)
  }
  return faults
}

/** Why a layer cannot be read to its verified end. */
async function layersRead(
  layers: Store['layers'],
  id: Parameters<Store['layers']['openTar']>[0],
): Promise<string | undefined> {
  try {
    for await (const _ of layers.openTar(id));
    return undefined
  } catch (error) {
    return String(error)
  }
}
