import { emptyResponse, type HttpResponse } from '@drayage/content'
import { familiarReference, familiarRepository, parseReference, withTag } from '@drayage/reference'
import { tagImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { eventIdentity } from '../images/image-events.ts'
import { queryText } from '../http/query.ts'

/** `POST /images/{name}/tag?repo=REPOSITORY[&tag=TAG]`: the whole index gets the name, or an artifact. */
export async function tagAction(exchange: Exchange): Promise<HttpResponse> {
  const { runtime, name, query, events, request } = exchange
  const { signal } = request
  const repository = queryText(query, 'repo')
  if (repository === undefined) throw new EngineRequestError(400, 'invalid reference format: repo is required')
  const tag = queryText(query, 'tag')
  const named = parseReference(repository)
  const target = familiarReference(tag === undefined ? named : withTag(named, tag))
  if (familiarRepository(named) === 'sha256') {
    throw new EngineRequestError(400, 'refusing to create an ambiguous tag using digest algorithm as name')
  }
  await tagImage(runtime, name, target, { signal })
  const { id, labels } = await eventIdentity(exchange, target)
  events.publish('tag', id, { ...labels, name: target })
  return emptyResponse(201)
}
