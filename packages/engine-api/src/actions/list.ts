import type { HttpResponse } from '@drayage/content'
import { listImages, type ImageSummary } from '@drayage/runtime'

import { isFrom, type ApiVersion } from '../api-version.ts'
import type { Exchange } from '../exchange.ts'
import { imageManifests, listTargets } from '../image-manifests.ts'
import { booleanOf, filtersOf, textOf } from '../query.ts'
import { jsonResponse } from '../respond.ts'

/**
 * `GET /images/json[?filters=...][&shared-size=1][&manifests=1]`: `all` changes nothing, since no image has parents here,
 * and `digests` nothing either, since they are always there.
 */
export async function listAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, version, query, request } = exchange
  const filters = [...filtersOf(exchange)].flatMap(([key, values]) => values.map((value) => `${key}=${value}`))
  const older = isFrom(version, 41) ? undefined : textOf(query, 'filter')
  if (older !== undefined) filters.push(`reference=${older}`)
  const sharedSize = isFrom(version, 42) && booleanOf(query, 'shared-size')
  const images = await listImages(runtime, { filters, sharedSize, signal: request.signal })
  const manifestsOf = await manifestsLister(exchange)
  const shown: object[] = []
  for (const image of images) shown.push({ ...named(version, image), ...(await manifestsOf(image)) })
  return jsonResponse(shown)
}

/** Before 1.43, an image without names has names that say so; before 1.44, its size is there twice. */
function named(version: ApiVersion, image: ImageSummary): object {
  const isNamed = image.RepoTags.length + image.RepoDigests.length > 0
  return {
    ...image,
    ...(isNamed || isFrom(version, 43) ? {} : { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] }),
    ...(isFrom(version, 44) ? {} : { VirtualSize: image.Size }),
  }
}

/** What versions from 1.47 tell of an image's manifests, when they are asked to, and from 1.48 of their index. */
async function manifestsLister({
  runtime,
  version,
  query,
  request,
}: Exchange): Promise<(image: ImageSummary) => Promise<object>> {
  const { signal } = request
  const isWanted = isFrom(version, 47) && booleanOf(query, 'manifests')
  if (!isWanted && !isFrom(version, 48)) return async () => ({})
  const store = await runtime.openStore()
  const targetOf = await listTargets(store)
  return async ({ Id }) => {
    const target = targetOf(await store.images.find(Id, { signal }))
    return {
      ...(isFrom(version, 48) ? { Descriptor: target } : {}),
      ...(isWanted ? { Manifests: await imageManifests(store, target, { signal }) } : {}),
    }
  }
}
