import type { HttpResponse } from '@drayage/content'
import type { DistributionEvent } from '@drayage/distribution'
import {
  familiarReference,
  familiarRepository,
  formatRepository,
  parseReference,
  withTag,
  type Reference,
} from '@drayage/reference'
import { pushAllTags, pushImage, type PushImageOptions, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { imageAttributes } from '../image-attributes.ts'
import { platformOf } from '../platform-of.ts'
import { progressLines } from '../progress-line.ts'
import { progressResponse } from '../progress-stream.ts'
import { textOf } from '../query.ts'
import { readJsonBody } from '../read-json-body.ts'
import { authConfigOf, registryAuthOf } from '../registry-auth.ts'
import { runtimeFor } from '../runtime-for.ts'

/** `POST /images/{name}/push[?tag=TAG][&platform=P]`: without a tag, all tags; of an index all, or one platform. */
export async function pushAction(exchange: Exchange): Promise<HttpResponse> {
  const { name, query, events, request } = exchange
  const hasHeader = (request.headers['x-registry-auth'] ?? '') !== ''
  const auth = hasHeader ? registryAuthOf(exchange) : await authOfBody(exchange)
  const tag = textOf(query, 'tag')
  const named = parseReference(name)
  if (named.digest !== undefined) throw new EngineRequestError(400, 'cannot push a digest reference')
  const reference = tag === undefined ? named : withTag(named, tag)
  const repository = familiarRepository(reference)
  const platform = platformOf(query)
  const runtime = runtimeFor(exchange, auth)
  return await progressResponse(exchange, async (emit, signal) => {
    emit({ status: `The push refers to repository [${formatRepository(reference)}]` })
    const lineOf = progressLines('push')
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      if (event.type === 'pushing') return
      emit(lineOf(event))
      if (event.type !== 'pushed') return
      emit({ progressDetail: {}, aux: { Tag: event.tag, Digest: event.digest, Size: event.size } })
    }
    await pushAny(runtime, reference, { signal, onEvent, ...(platform && { platform }) })
    const pushed = reference.tag === undefined ? repository : familiarReference(reference)
    const attributes = reference.tag === undefined ? {} : await imageAttributes(exchange, pushed)
    events.publish('push', pushed, { ...attributes, name: repository })
  })
}

async function pushAny(runtime: Runtime, reference: Reference, options: PushImageOptions): Promise<void> {
  const isHere = await hasRepository(runtime, reference)
  if (!isHere) {
    throw new EngineRequestError(404, `An image does not exist locally with the tag: ${familiarRepository(reference)}`)
  }
  try {
    if (reference.tag === undefined) await pushAllTags(runtime, formatRepository(reference), options)
    else await pushImage(runtime, reference, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_IMAGE_NOT_FOUND')) throw error
    throw new EngineRequestError(404, `tag does not exist: ${familiarReference(reference)}`, { cause: error })
  }
}

/** Whether any name of the repository has a tag. */
async function hasRepository(runtime: Runtime, { domain, path }: Reference): Promise<boolean> {
  const { images } = await runtime.openStore()
  const names = await images.listNames()
  return names.some(({ name }) => name.domain === domain && name.path === path && name.tag !== undefined)
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
