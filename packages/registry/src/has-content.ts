import type { AbortOptions } from '@drayage/bytes'
import type { HttpResponse } from '@drayage/content'
import type { Descriptor } from '@drayage/manifest'

import { closeBody, contentLength, discardBody } from './body.ts'
import { isManifestContent } from './content-path.ts'
import { expectStatus, isElsewhere } from './endpoint.ts'
import type { BlobSource } from './fetch-blob.ts'

/**
 * Whether the registry has the content, by HEAD; by GET where HEAD is not served. A blob of another length is not it.
 */
export async function hasContent(source: BlobSource, what: Descriptor, options: AbortOptions = {}): Promise<boolean> {
  const { endpoint, path, headers = {} } = source
  const head = await endpoint.send({ method: 'HEAD', path, headers, signal: options.signal })
  const { status } = head.response
  if (status === 404) {
    await discardBody(head.response)
    return false
  }
  // Signed URLs of a storage are often good for GET only.
  const isUnserved = status === 405 || status === 501 || (isElsewhere(head) && status !== 200)
  if (!isUnserved) {
    const { response } = await expectStatus(head, 200)
    await discardBody(response)
    return isOfSize(response, what)
  }
  await discardBody(head.response)
  const get = await endpoint.send({ method: 'GET', path, headers, signal: options.signal })
  if (get.response.status === 200) await closeBody(get.response.body)
  else if (get.response.status === 404) await discardBody(get.response)
  else await expectStatus(get, 200)
  return get.response.status === 200 && isOfSize(get.response, what)
}

/** The length of a manifest's answer is that of the type that was negotiated. */
function isOfSize({ headers }: HttpResponse, what: Descriptor): boolean {
  const length = contentLength(headers)
  return isManifestContent(what) || length === undefined || length === what.size
}
