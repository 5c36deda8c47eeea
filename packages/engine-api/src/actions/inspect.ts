import type { HttpResponse } from '@drayage/content'
import { inspectImage, type ImageInspection } from '@drayage/runtime'

import { isFrom } from '../api-version.ts'
import type { Exchange } from '../exchange.ts'
import { imageForPlatform } from '../image-for-platform.ts'
import { imageManifests, targetOf } from '../image-manifests.ts'
import { inspectedConfig, NO_CONTAINER_CONFIG } from '../inspected-config.ts'
import { booleanOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/** `GET /images/{name}/json[?platform=P][&manifests=1]` */
export async function inspectAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, version, query, request } = exchange
  const { signal } = request
  const { Descriptor, ...image } = await inspectImage(runtime, await imageForPlatform(exchange, name), { signal })
  const isWithManifests = isFrom(version, 48) && booleanOf(query, 'manifests')
  return jsonResponse({
    ...image,
    ...(isFrom(version, 45) ? {} : { Container: '', ContainerConfig: inspectedConfig(NO_CONTAINER_CONFIG, true) }),
    Config: image.Config === null ? null : inspectedConfig(image.Config, !isFrom(version, 50)),
    ...(isFrom(version, 44) ? {} : { VirtualSize: image.Size }),
    GraphDriver: { Data: null, Name: 'drayage' },
    ...(isFrom(version, 48) ? { Descriptor } : {}),
    ...(isWithManifests ? { Manifests: await manifestsOf(exchange, image) } : {}),
  })
}

async function manifestsOf(exchange: Exchange, { Id }: Pick<ImageInspection, 'Id'>): Promise<readonly object[]> {
  const { runtime, name, request } = exchange
  const store = await runtime.openStore()
  const image = await store.images.find(Id)
  return await imageManifests(store, await targetOf(store, image, name), { signal: request.signal })
}
