import type { HttpResponse } from '@drayage/content'
import type { DistributionEvent, OnEvent } from '@drayage/distribution'
import {
  familiarReference,
  familiarRepository,
  formatRepository,
  parsePullReference,
  type Reference,
} from '@drayage/reference'
import { pullAllTags, pullImage, type PullImageOptions, type Runtime } from '@drayage/runtime'

import { registryWords } from '../docker-words.ts'
import { EngineRequestError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { failureOf } from '../failure.ts'
import { imageAttributes } from '../image-attributes.ts'
import { platformOf } from '../platform-of.ts'
import { progressLines } from '../progress-line.ts'
import { progressResponse } from '../progress-stream.ts'
import { registryAuthOf } from '../registry-auth.ts'
import { runtimeFor } from '../runtime-for.ts'

/** `POST /images/create?fromImage=NAME[&tag=TAG|DIGEST][&platform=P]`: without a tag, all tags. */
export async function pullAction(exchange: Exchange): Promise<HttpResponse> {
  const { query, events } = exchange
  const reference = parsePullReference(query.get('fromImage') ?? '', query.get('tag') ?? '')
  const platform = platformOf(query)
  const runtime = runtimeFor(exchange, registryAuthOf(exchange))
  const name = familiarRepository(reference)
  return await progressResponse(exchange, async (emit, signal) => {
    const lineOf = progressLines('pull')
    const onEvent = (event: DistributionEvent): void => {
      exchange.onEvent?.(event)
      emit(lineOf(event))
    }
    const options = { ...(platform === undefined ? {} : { platform }), signal }
    if (reference.tag === undefined && reference.digest === undefined) {
      await pullAll(runtime, reference, options, onEvent)
      events.publish('pull', name, { name })
      return
    }
    const pulled = await pullImage(runtime, reference, { ...options, onEvent })
    const attributes = await imageAttributes(exchange, pulled.image)
    events.publish('pull', familiarReference(pulled.reference), { ...attributes, name })
  })
}

/** Pulls all tags, with one status at the end in place of one for each tag. */
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
    const said = registryWords(error)
    if (said?.startsWith('name unknown') !== true) throw error
    throw new EngineRequestError(failureOf(error).status, `repository ${name} not found: ${said}`, { cause: error })
  }
}
