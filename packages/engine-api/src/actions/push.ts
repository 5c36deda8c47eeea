import type { HttpResponse } from '@drayage/content'
import { dockerLine, type DistributionEvent } from '@drayage/distribution'
import type { Descriptor } from '@drayage/manifest'
import {
  familiarReference,
  familiarRepository,
  formatRepository,
  parseReference,
  withTag,
  type Reference,
} from '@drayage/reference'
import { isRuntimeError, pushAllTags, pushImage, type PushImageOptions, type Runtime } from '@drayage/runtime'

import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { eventIdentity } from '../images/image-events.ts'
import { isCoded, platformWords } from '../images/on-platform.ts'
import { queryPlatforms } from '../images/query-platform.ts'
import { progressLines, type ProgressLine } from '../progress/progress-line.ts'
import { progressResponse } from '../progress/progress-stream.ts'
import { queryText } from '../http/query.ts'
import { readJsonBody } from '../http/read-json-body.ts'
import { authConfigOf, registryAuthOf, runtimeFor } from '../http/registry-auth.ts'

/**
 * `POST /images/{name}/push[?tag=TAG][&platform=P]`: without a tag, all tags; without a platform, the whole index, or its only
 * image that is here, which an `aux` line tells.
 */
export async function pushAction(exchange: Exchange): Promise<HttpResponse> {
  const { name, query, events, request } = exchange
  const hasHeader = (request.headers['x-registry-auth'] ?? '') !== ''
  const auth = hasHeader ? registryAuthOf(exchange) : await authOfBody(exchange)
  const tag = queryText(query, 'tag')
  const named = parseReference(name)
  const reference = tag === undefined ? named : withTag(named, tag)
  const repository = familiarRepository(reference)
  const platforms = queryPlatforms(exchange, { key: 'platform', from: 46 })
  const runtime = runtimeFor(exchange, auth)
  return await progressResponse(exchange, async (emit, signal) => {
    emit(dockerLine({ type: 'pushing', repository: formatRepository(reference) }))
    const lineOf = progressLines('push')
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      if (event.type === 'pushing') return
      if (event.type === 'instead-of-index') return emit(insteadOfIndex(event))
      emit(lineOf(event))
      if (event.type !== 'pushed') return
      emit({ progressDetail: {}, aux: { Tag: event.tag, Digest: event.digest, Size: event.size } })
    }
    await pushAny(runtime, reference, { signal, onEvent, platforms, whenIncomplete: 'one' })
    const pushed = reference.tag === undefined ? repository : familiarReference(reference)
    const { labels } = reference.tag === undefined ? { labels: {} } : await eventIdentity(exchange, pushed)
    events.publish('push', pushed, { ...labels, name: repository })
  })
}

/** Tells that only one image of an index was there to be pushed, which newer clients explain. */
function insteadOfIndex({ index, manifest }: Instead): ProgressLine {
  const aux = { manifestPushedInsteadOfIndex: true, originalIndex: index, selectedManifest: manifest }
  return { progressDetail: {}, aux }
}

interface Instead {
  readonly index: Descriptor
  readonly manifest: Descriptor
}

async function pushAny(runtime: Runtime, reference: Reference, options: PushImageOptions): Promise<void> {
  const isHere = await hasRepository(runtime, reference)
  if (!isHere) {
    throw new EngineRequestError(404, `An image does not exist locally with the tag: ${familiarRepository(reference)}`)
  }
  if (reference.digest !== undefined) throw new EngineRequestError(400, 'cannot push a digest reference')
  try {
    if (reference.tag === undefined) await pushAllTags(runtime, formatRepository(reference), options)
    else await pushImage(runtime, reference, options)
  } catch (error) {
    options.signal?.throwIfAborted()
    const words = refusal(error, familiarReference(reference), options)
    if (words === undefined) throw error
    throw new EngineRequestError(404, words, { cause: error })
  }
}

/** Docker Engine's words for what cannot be pushed. */
function refusal(error: unknown, name: string, { platforms = [] }: PushImageOptions): string | undefined {
  if (isCoded(error, 'ERR_IMAGE_NOT_FOUND')) return `tag does not exist: ${name}`
  if (isCoded(error, 'ERR_PLATFORM_NOT_FOUND')) return platformWords(name, platforms[0])
  if (!isRuntimeError(error) || error.code !== 'ERR_INDEX_INCOMPLETE') return undefined
  if (error.here.length === 0) return platformWords(name, undefined)
  return 'multiple matching manifests found but no specific platform requested'
}

/** Whether the store has a tag of the repository. */
async function hasRepository(runtime: Runtime, { domain, path }: Reference): Promise<boolean> {
  const { images } = await runtime.openStore()
  const names = await images.listNames()
  return names.some(({ name }) => name.domain === domain && name.path === path && name.tag !== undefined)
}

/** The credentials of older clients, which send them as the body; clients without a login send nothing. */
async function authOfBody(exchange: Exchange): Promise<ReturnType<typeof authConfigOf>> {
  try {
    return authConfigOf(await readJsonBody(exchange))
  } catch (error) {
    exchange.request.signal?.throwIfAborted()
    const why = error instanceof Error ? error.message : 'unreadable'
    throw new EngineRequestError(400, `bad parameters and missing X-Registry-Auth: ${why}`, { cause: error })
  }
}
