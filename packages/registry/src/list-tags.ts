import { decodeText, type AbortOptions } from '@drayage/bytes'

import { contentType, discardBody, readBody } from './body.ts'
import { expectStatus, type Answer, type Endpoint } from './endpoint.ts'
import { RegistryListingError, RegistryProtocolError } from './errors.ts'
import { MAX_PAGES, MAX_TAGS, TAGS_PAGE_MAX_BYTES } from './limits.ts'
import { parseNextLink } from './link-header.ts'
import { redactUrl } from './redact-url.ts'
import { checkNextPage } from './url-gate.ts'

/**
 * The tags of a repository, in the registry's order; what is repeated from the page before, and what is no tag, is left
 * out. Pages are fetched while the consumer reads. Without a page size the registry chooses; some refuse large ones.
 *
 * @param path the repository's, from `/v2/` on
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, over 1 000 pages or over 1 000 000 tags
 */
export async function* listTags(
  endpoint: Endpoint,
  path: string,
  options: AbortOptions = {},
): AsyncGenerator<string, void, void> {
  let next: string | undefined = `${path}/tags/list`
  let before: ReadonlySet<string> = new Set()
  const seen = new Set<string>()
  let count = 0
  for (let pages = 1; next !== undefined; pages++) {
    if (pages > MAX_PAGES) throw listingError(next, 'pages', `more than ${MAX_PAGES} pages`)
    if (seen.has(next)) throw listingError(next, 'cycle', 'a page that came before')
    seen.add(next)
    const answer = await expectStatus(await endpoint.send({ method: 'GET', path: next, signal: options.signal }), 200)
    const link = parseNextLink(answer.response.headers['link'] ?? '')
    const following = link === undefined ? undefined : checkNextPage(answer.url, link)
    const tags = new Set(await readPage(answer))
    if (following !== undefined && tags.size > 0 && [...tags].every((tag) => before.has(tag))) {
      throw listingError(next, 'cycle', 'the page before once more')
    }
    for (const tag of tags) {
      if (before.has(tag)) continue
      if (++count > MAX_TAGS) throw listingError(next, 'tags', `more than ${MAX_TAGS} tags`)
      yield tag
    }
    before = tags
    next = following === undefined ? undefined : following.pathname + following.search
  }

  function listingError(url: string, reason: 'cycle' | 'pages' | 'tags', found: string): RegistryListingError {
    return new RegistryListingError(redactUrl(`https://${endpoint.host}${url}`), reason, found, 'an end')
  }
}

/** The tags of one page; `null`, as Nexus answers for none, is none. */
async function readPage(answer: Answer): Promise<string[]> {
  const { response, body } = answer
  if (contentType(response.headers) === 'text/html') {
    await discardBody(response)
    throw new RegistryProtocolError(body.facts, 'a web page', 'a list of tags')
  }
  const bytes = await readBody(response, { ...body, maxBytes: TAGS_PAGE_MAX_BYTES })
  let page: unknown
  try {
    page = JSON.parse(decodeText(bytes))
  } catch (error) {
    throw new RegistryProtocolError(body.facts, 'a body that is not JSON', 'a list of tags', { cause: error })
  }
  const tags = typeof page === 'object' && page !== null && 'tags' in page ? (page.tags ?? []) : undefined
  if (!Array.isArray(tags)) throw new RegistryProtocolError(body.facts, 'other JSON', 'a list of tags')
  return tags.filter((tag) => typeof tag === 'string' && /^\w[\w.-]{0,127}$/.test(tag))
}
