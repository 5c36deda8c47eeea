import type { AbortOptions } from '@drayage/bytes'
import { ContentNotFoundError } from '@drayage/content'
import type { Digest } from '@drayage/digest'

import { expectStatus, isOfGet, type EndpointAnswer } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { contentPath } from '../endpoints/repository-path.ts'
import { RegistryNotFoundError } from '../errors/answer-errors.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { closeBody, discardBody, openBody } from '../http/body.ts'
import { contentLength, isEncoded, isWebPage } from '../http/headers.ts'

/**
 * The size of a blob that is known by its digest alone: what HEAD announces, else what GET announces, else the bytes that
 * come. The bytes are verified when they are fetched.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND`
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` for a web page
 */
export async function blobSize(remote: RemoteRepository, digest: Digest, { signal }: AbortOptions): Promise<number> {
  const path = remote.path + contentPath({ mediaType: 'application/octet-stream', digest, size: 0 })
  const ask = (method: string): Promise<EndpointAnswer> => remote.endpoint.send({ method, path, headers: {}, signal })
  try {
    const head = await ask('HEAD')
    if (isOfGet(head)) return await sizeOfBody(head)
    await discardBody(head.response)
    const { status } = head.response
    const announced = status === 200 ? announcedSize(head) : undefined
    if (announced !== undefined) return announced
    if (status === 404 && !isElsewhere(head)) throw new ContentNotFoundError(digest, { doubtful: true })
    // What failed for HEAD says more, or works, with GET.
    return await sizeOfBody(await ask('GET'))
  } catch (error) {
    const isMissing = error instanceof RegistryNotFoundError
    throw isMissing ? new ContentNotFoundError(digest, { cause: error, doubtful: true }) : error
  }
}

async function sizeOfBody(sent: EndpointAnswer): Promise<number> {
  const answer = await expectStatus(sent, 200)
  const size = announcedSize(answer)
  if (isWebPage(answer.response.headers)) {
    await closeBody(answer.response.body)
    throw new RegistryProtocolError(answer.body.facts, 'the answer is a web page, expected a blob')
  }
  if (size === undefined) return await countBytes(answer)
  await closeBody(answer.response.body)
  return size
}

/** Whether the answer comes from another origin than the one that was asked. */
function isElsewhere({ response, url }: EndpointAnswer): boolean {
  return new URL(response.url).origin !== url.origin
}

function announcedSize({ response: { headers } }: EndpointAnswer): number | undefined {
  return isEncoded(headers) || isWebPage(headers) ? undefined : contentLength(headers)
}

async function countBytes({ response, body }: EndpointAnswer): Promise<number> {
  const reader = openBody(response.body, body)
  let size = 0
  try {
    for (let chunk = await reader.read(); chunk !== undefined; chunk = await reader.read()) size += chunk.byteLength
    return size
  } finally {
    await reader.close()
  }
}
