import { jsonResponse, type HttpResponse } from '@drayage/content'
import { listImages } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { isFrom } from '../http/api-version.ts'
import { queryFilters, querySwitch, queryText } from '../http/query.ts'
import { listedImage } from '../images/listed-image.ts'
import { manifestSummaries } from '../images/manifest-summaries.ts'
import { shownNames } from '../images/shown-names.ts'

/**
 * `GET /images/json[?filters=...][&shared-size=1][&manifests=1][&identity=1]`: with manifests, sizes are those of all
 * content that is here. `all` changes nothing, since no image has parents here, and neither does `digests`, since digests
 * are always listed.
 */
export async function listAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, version, query, request } = exchange
  const { signal } = request
  const isWithManifests = isFrom(version, 47) && querySwitch(query, 'manifests')
  const identity = isFrom(version, 54) && querySwitch(query, 'identity')
  if (identity && !isWithManifests) {
    throw new EngineRequestError(400, 'conflicting options: identity requires manifests=1')
  }
  const sharedSize = isFrom(version, 42) && querySwitch(query, 'shared-size')
  const sizes = isWithManifests ? { sizeOf: 'content' as const } : {}
  const images = await listImages(runtime, { filters: listFilters(exchange), sharedSize, ...sizes, signal })
  const store = await runtime.openStore()
  const named = await shownNames(store, version)
  const shown: object[] = []
  for (const image of images) {
    const listed = listedImage(version, named(image))
    const manifests = isWithManifests ? await manifestSummaries(store, image.Targets, { identity, signal }) : undefined
    shown.push({ ...listed, ...(manifests && { Manifests: manifests }) })
  }
  return jsonResponse(200, shown)
}

function listFilters(exchange: Exchange): string[] {
  const { version, query } = exchange
  const filters = [...queryFilters(exchange)].flatMap(([key, values]) => values.map((value) => `${key}=${value}`))
  const older = isFrom(version, 41) ? undefined : queryText(query, 'filter')
  return older === undefined ? filters : [...filters, `reference=${older}`]
}
