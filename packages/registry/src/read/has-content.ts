import type { AbortOptions } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import { expectStatus, isOfGet } from '../endpoints/answer.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { isManifestContent } from '../endpoints/repository-path.ts'
import { closeBody, discardBody } from '../http/body.ts'
import { contentLength } from '../http/headers.ts'
import { contentRequest } from './blob-reader.ts'

/** Whether the registry has the content, by HEAD, or by GET where HEAD is refused. A blob of another length is not it. */
export async function hasContent(
  remote: RemoteRepository,
  what: Descriptor,
  { signal }: AbortOptions = {},
): Promise<boolean> {
  const sent = await remote.endpoint.send({ method: 'HEAD', ...contentRequest(remote, what), signal })
  const answer = sent.response.status === 404 ? sent : await expectStatus(sent, 200)
  const { response } = answer
  await (isOfGet(answer) && response.status === 200 ? closeBody(response.body) : discardBody(response))
  return response.status === 200 && isOfSize(response, what)
}

/** Whether the registry has a blob of this digest and size, as uploads make it. */
export async function isBlobThere(
  remote: RemoteRepository,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  options: AbortOptions,
): Promise<boolean> {
  return await hasContent(remote, { mediaType: 'application/octet-stream', digest, size }, options)
}

/** The length of a manifest's answer is that of the type that was negotiated. */
function isOfSize({ headers }: HttpResponse, what: Descriptor): boolean {
  const length = contentLength(headers)
  return isManifestContent(what) || length === undefined || length === what.size
}
