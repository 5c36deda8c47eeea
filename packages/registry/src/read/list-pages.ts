import type { AbortOptions } from '@drayage/bytes'

import { expectStatus, type EndpointAnswer } from '../endpoints/answer.ts'
import type { Endpoint } from '../endpoints/endpoint.ts'
import { RegistryProtocolError } from '../errors/connection-errors.ts'
import { RegistryListingError } from '../errors/transfer-errors.ts'
import { closeBody } from '../http/body.ts'
import { MAX_PAGES } from '../limits.ts'
import { parseNextLink } from './link-header.ts'
import { redactUrl } from '../gate/redact-url.ts'
import { checkSameHost } from '../gate/url-gate.ts'

/** How a list is read. */
export interface Listing<Item> {
  /** The first page's path, from `/v2/` on. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Called with the first page's answer before its status is checked; what it returns is used instead, if anything. */
  readonly first?: (answer: EndpointAnswer) => Promise<EndpointAnswer | undefined>
  readonly readPage: (answer: EndpointAnswer) => Promise<readonly Item[]>
  /** Identifies an item. */
  readonly keyOf: (item: Item) => string
  readonly maxItems: number
}

/**
 * The items of a paged list, in the registry's order, without those repeated from the page before. Pages are fetched
 * while the consumer reads. What could be a link to further pages and cannot be read is an error: none are lost in silence.
 *
 * @throws RegistryProtocolError `ERR_REGISTRY_PROTOCOL` for a `Link` that cannot be read
 * @throws UrlRefusedError `ERR_URL_REFUSED` for a next page on another host
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, more than 1 000 pages or too many items
 */
export async function* listPages<Item>(
  endpoint: Endpoint,
  listing: Listing<Item>,
  options: AbortOptions = {},
): AsyncGenerator<Item, void, void> {
  const { headers = {}, readPage, keyOf, maxItems } = listing
  let next: string | undefined = listing.path
  let before: ReadonlySet<string> = new Set()
  const seen = new Set<string>()
  let count = 0
  for (let pages = 1; next !== undefined; pages++) {
    if (pages > MAX_PAGES) throw listingError(next, 'pages', `it has more than ${MAX_PAGES} pages`)
    if (seen.has(next)) throw listingError(next, 'cycle', 'its pages form a circle')
    seen.add(next)
    const sent: EndpointAnswer = await endpoint.send({ method: 'GET', path: next, headers, signal: options.signal })
    const kept: EndpointAnswer | undefined =
      pages === 1 && listing.first !== undefined ? await listing.first(sent) : sent
    if (kept === undefined) return
    const answer: EndpointAnswer = await expectStatus(kept, 200)
    const following: URL | undefined = await nextPage(answer)
    const items = new Map((await readPage(answer)).map((item) => [keyOf(item), item]))
    if (following !== undefined && items.size > 0 && [...items.keys()].every((key) => before.has(key))) {
      throw listingError(next, 'cycle', 'a page repeats the one before it')
    }
    for (const [key, item] of items) {
      if (before.has(key)) continue
      if (++count > maxItems) throw listingError(next, 'tags', `it has more than ${maxItems} entries`)
      yield item
    }
    before = new Set(items.keys())
    next = following === undefined ? undefined : endpoint.pathOf(following)
  }

  function listingError(url: string, reason: 'cycle' | 'pages' | 'tags', problem: string): RegistryListingError {
    return new RegistryListingError(redactUrl(`https://${endpoint.host}${url}`), reason, problem)
  }
}

/** The next page that an answer names; `undefined` on the last one. */
async function nextPage({ response, body, url }: EndpointAnswer): Promise<URL | undefined> {
  const link = parseNextLink(response.headers['link'] ?? '', url)
  if (link === undefined) return undefined
  try {
    if (link !== '') return checkSameHost(url, link)
    throw new RegistryProtocolError(body.facts, 'its Link header cannot be read, so that pages may be missing')
  } catch (error) {
    await closeBody(response.body)
    throw error
  }
}
