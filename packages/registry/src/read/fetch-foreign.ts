import type { ByteStream } from '@drayage/bytes'
import { ContentNotFoundError, type RangeOptions } from '@drayage/content'
import { verify } from '@drayage/digest'
import type { Descriptor } from '@drayage/manifest'

import type { Endpoint } from '../endpoints/endpoint.ts'
import type { RemoteRepository } from '../endpoints/fallback.ts'
import { checkUrl } from '../gate/url-gate.ts'
import { openBlob } from './blob-reader.ts'

/** The most URLs of one layer that are tried. */
const MAX_URLS = 8

/**
 * The bytes of content from the URLs that its descriptor names, from the first that has them: without credentials, and only
 * where the registry of `endpoint` may lead. The error is that of the last URL.
 *
 * @throws ContentNotFoundError `ERR_CONTENT_NOT_FOUND` without URLs
 * @throws UrlRefusedError `ERR_URL_REFUSED`
 */
export async function* fetchForeign(endpoint: Endpoint, what: Descriptor, options: RangeOptions = {}): ByteStream {
  const { offset = 0, verify: isVerified = true } = options
  const bytes = fetchFirst(endpoint, what, options)
  yield* offset === 0 && isVerified ? verify(bytes, what) : bytes
}

async function* fetchFirst(endpoint: Endpoint, what: Descriptor, options: RangeOptions): ByteStream {
  const { offset = 0, signal } = options
  const urls = (what.urls ?? []).slice(0, MAX_URLS)
  for (const [index, text] of urls.entries()) {
    let body: Awaited<ReturnType<typeof openBlob>> | undefined
    try {
      try {
        body = await openBlob(at(endpoint, checkUrl(endpoint.origin(), text, endpoint.gate)), what, offset, options)
      } catch (error) {
        signal?.throwIfAborted()
        if (index === urls.length - 1) throw error
        continue
      }
      for (let chunk = await body.read(); chunk !== undefined; chunk = await body.read()) yield chunk
      return
    } finally {
      await body?.close()
    }
  }
  throw new ContentNotFoundError(what.digest)
}

/** A repository whose requests go to one URL. */
function at(endpoint: Endpoint, url: URL): RemoteRepository {
  const send: Endpoint['send'] = ({ method, headers = {}, signal }) =>
    endpoint.sendAway({ method, headers, signal, url })
  return {
    key: url.href,
    endpoint: { ...endpoint, send },
    name: { domain: url.host, path: '' },
    path: '',
    uses: ['pull'],
    isMirror: false,
  }
}
