import type { HttpResponse } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import { familiarReference, familiarRepository, formatRepository, parseReference, withTag } from '@drayage/reference'
import { pushAllTags, pushImage } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { progressLine } from '../progress-line.ts'
import { progressResponse } from '../progress-stream.ts'
import { textOf } from '../query.ts'
import { readJsonBody } from '../read-json-body.ts'
import { authConfigOf, registryAuthOf } from '../registry-auth.ts'
import { runtimeFor } from '../runtime-for.ts'

/** `POST /images/{name}/push[?tag=TAG]`: without a tag, all tags. */
export async function pushAction(exchange: Exchange): Promise<HttpResponse> {
  const { name, query, events, request } = exchange
  const hasHeader = (request.headers['x-registry-auth'] ?? '') !== ''
  const auth = hasHeader ? registryAuthOf(exchange) : await authOfBody(exchange)
  const tag = textOf(query, 'tag')
  const named = parseReference(name)
  if (named.digest !== undefined) throw new EngineRequestError(400, 'cannot push a digest reference')
  const reference = tag === undefined ? named : withTag(named, tag)
  const runtime = runtimeFor(exchange, auth)
  return await progressResponse(exchange, async (emit, signal) => {
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      emit(progressLine(event, 'push'))
      if (event.type !== 'pushed') return
      emit({ progressDetail: {}, aux: { Tag: event.tag, Digest: event.digest, Size: event.size } })
    }
    const pushed =
      reference.tag === undefined
        ? await pushAllTags(runtime, formatRepository(reference), { signal, onEvent })
        : [await pushImage(runtime, reference, { signal, onEvent })]
    for (const each of pushed) {
      events.publish('push', familiarReference(each.reference), { name: familiarRepository(reference) })
    }
  })
}

/** Older clients send credentials as the body. */
async function authOfBody(exchange: Exchange): Promise<ReturnType<typeof authConfigOf>> {
  try {
    const body = await readJsonBody(exchange)
    if (body !== undefined) return authConfigOf(body)
  } catch (error) {
    exchange.request.signal?.throwIfAborted()
    throw new EngineRequestError(400, 'bad parameters and missing X-Registry-Auth', { cause: error })
  }
  throw new EngineRequestError(400, 'bad parameters and missing X-Registry-Auth: EOF')
}
