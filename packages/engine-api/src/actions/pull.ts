import { problemOf, type HttpResponse } from '@drayage/content'
import type { DistributionEvent, OnEvent } from '@drayage/distribution'
import {
  familiarReference,
  familiarRepository,
  formatRepository,
  parsePullReference,
  type Reference,
} from '@drayage/reference'
import { pullAllTags, pullImage, type PullImageOptions, type Runtime } from '@drayage/runtime'

import { NO_WORDS, registryWords } from '../failures/registry-words.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { failureOf } from '../failures/failure.ts'
import { eventIdentity } from '../images/image-events.ts'
import { queryPlatform } from '../images/query-platform.ts'
import { progressLines } from '../progress/progress-line.ts'
import { progressResponse } from '../progress/progress-stream.ts'
import { queryText } from '../http/query.ts'
import { registryAuthOf, runtimeFor } from '../http/registry-auth.ts'
import { importAction } from './import.ts'

/** `POST /images/create`: a pull or an import. */
export async function createAction(exchange: Exchange): Promise<HttpResponse> {
  if (queryText(exchange.query, 'fromImage') !== undefined) return await pullAction(exchange)
  if (queryText(exchange.query, 'fromSrc') !== undefined) return await importAction(exchange)
  throw new EngineRequestError(400, 'fromImage or fromSrc is required')
}

/** `POST /images/create?fromImage=NAME[&tag=TAG|DIGEST][&platform=P]`: without a tag, all tags. */
async function pullAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, events } = exchange
  const reference = parsePullReference(query.get('fromImage') ?? '', query.get('tag') ?? '')
  const platform = queryPlatform(query)
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  const name = familiarRepository(reference)
  return await progressResponse(exchange, async (emit, signal) => {
    const lineOf = progressLines('pull')
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      emit(lineOf(event))
    }
    const options = {
      ...(platform === undefined ? {} : { platforms: [platform] }),
      // Docker Engine 29 keeps images for any system.
      ...(runtime.imageId === 'config' && { system: runtime.platform.os }),
      signal,
    }
    if (reference.tag === undefined && reference.digest === undefined) {
      await pullAll(runtime, reference, options, onEvent)
      events.publish('pull', name, { name })
      return
    }
    const pulled = await pullImage(runtime, reference, { ...options, onEvent })
    const pulledName = familiarReference(pulled.reference)
    const { labels } = await eventIdentity(exchange, pulledName)
    events.publish('pull', pulledName, { ...labels, name })
  })
}

/** Pulls all tags, with one status at the end instead of one for each tag. */
async function pullAll(
  runtime: Runtime,
  repository: Reference,
  options: PullImageOptions,
  onEvent: OnEvent,
): Promise<void> {
  const name = familiarRepository(repository)
  const tell = (event: DistributionEvent): void => (event.type === 'status' ? undefined : onEvent(event))
  try {
    const pulled = await pullAllTags(runtime, formatRepository(repository), { ...options, onEvent: tell })
    onEvent({ type: 'status', upToDate: pulled.every(({ upToDate }) => upToDate), reference: name })
  } catch (error) {
    options.signal?.throwIfAborted()
    if (problemOf(error) !== 'repository-unknown') throw error
    const said = registryWords(error) ?? NO_WORDS
    throw new EngineRequestError(failureOf(error).status, `repository ${name} not found: ${said}`, { cause: error })
  }
}
