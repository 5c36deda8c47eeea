import type { AbortOptions } from '@drayage/bytes'

import { expectStatus, type Answer, type Endpoint } from './endpoint.ts'
import { RegistryListingError } from './errors.ts'
import { MAX_PAGES } from './limits.ts'
import { parseNextLink } from './link-header.ts'
import { redactUrl } from './redact-url.ts'
import { checkNextPage } from './url-gate.ts'

/** How a listing is read. */
export interface Listing<Item> {
  /** The first page's path, from `/v2/` on. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Called with the first page's answer before its status is looked at; what it returns is used in its place. */
  readonly first?: (answer: Answer) => Promise<Answer | undefined>
  readonly readPage: (answer: Answer) => Promise<readonly Item[]>
  /** What makes two items the same one. */
  readonly keyOf: (item: Item) => string
  readonly maxItems: number
}

/**
 * The items of a paged listing, in the registry's order, without those repeated from the page before. Pages are fetched
 * while the consumer reads.
 *
 * @throws RegistryListingError `ERR_REGISTRY_LISTING` for pages in a circle, over 1 000 pages or too many items
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
    if (pages > MAX_PAGES) throw listingError(next, 'pages', `more than ${MAX_PAGES} pages`)
    if (seen.has(next)) throw listingError(next, 'cycle', 'a page that came before')
    seen.add(next)
    const sent: Answer = await endpoint.send({ method: 'GET', path: next, headers, signal: options.signal })
    const kept: Answer | undefined = pages === 1 && listing.first !== undefined ? await listing.first(sent) : sent
    if (kept === undefined) return
    const answer: Answer = await expectStatus(kept, 200)
    const link = parseNextLink(answer.response.headers['link'] ?? '')
    const following: URL | undefined = link === undefined ? undefined : checkNextPage(answer.url, link)
    const items = new Map((await readPage(answer)).map((item) => [keyOf(item), item]))
    if (following !== undefined && items.size > 0 && [...items.keys()].every((key) => before.has(key))) {
      throw listingError(next, 'cycle', 'the page before once more')
    }
    for (const [key, item] of items) {
      if (before.has(key)) continue
      if (++count > maxItems) throw listingError(next, 'tags', `more than ${maxItems} entries`)
      yield item
    }
    before = new Set(items.keys())
    next = following === undefined ? undefined : endpoint.pathOf(following)
  }

  function listingError(url: string, reason: 'cycle' | 'pages' | 'tags', found: string): RegistryListingError {
    return new RegistryListingError(redactUrl(`https://${endpoint.host}${url}`), reason, found, 'an end')
  }
}
