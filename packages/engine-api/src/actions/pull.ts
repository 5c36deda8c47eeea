import type { HttpResponse } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { parsePlatform } from '@drayage/manifest'
import { familiarReference, formatRepository, parsePullReference } from '@drayage/reference'
import { hostPlatform, pullAllTags, pullImage } from '@drayage/runtime'

import type { Exchange } from '../exchange.ts'
import { progressLine } from '../progress-line.ts'
import { progressResponse } from '../progress-stream.ts'
import { textOf } from '../query.ts'
import { registryAuthOf } from '../registry-auth.ts'
import { runtimeFor } from '../runtime-for.ts'

/** `POST /images/create?fromImage=NAME[&tag=TAG|DIGEST][&platform=P]`: without a tag, all tags. */
export async function pullAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, events } = exchange
  const reference = parsePullReference(query.get('fromImage') ?? '', query.get('tag') ?? '')
  const platformText = textOf(query, 'platform')
  const platform = platformText === undefined ? {} : { platform: parsePlatform(platformText, { host: hostPlatform() }) }
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  return await progressResponse(exchange, async (emit, signal) => {
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      emit(progressLine(event, 'pull'))
    }
    const options = { ...platform, signal, onEvent }
    const isAll = reference.tag === undefined && reference.digest === undefined
    const pulled = isAll
      ? await pullAllTags(runtime, formatRepository(reference), options)
      : [await pullImage(runtime, reference, options)]
    for (const each of pulled) {
      const name = familiarReference(each.reference)
      events.publish('pull', name, { name: familiarReference({ domain: reference.domain, path: reference.path }) })
    }
  })
}
