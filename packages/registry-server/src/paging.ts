import { RequestRefusedError } from './errors.ts'

/** A page of a list. */
export interface Page {
  readonly limit: number
  readonly after?: string
}

/** The longest `last` that a client may send: longer than any name. */
const LONGEST_NAME = 512

/**
 * Reads `n` and `last`. A larger `n` than `maxLimit`, or none, means `maxLimit`.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400
 * @see OCI distribution-spec v1.1.1, "Listing Tags"
 */
export function parsePage(query: URLSearchParams, maxLimit: number): Page {
  const n = query.get('n')
  const after = query.get('last')
  const invalid = (message: string): RequestRefusedError =>
    new RequestRefusedError({ status: 400, specCode: 'PAGINATION_NUMBER_INVALID', message })
  if (n !== null && !/^[0-9]{1,20}$/.test(n)) throw invalid('n is not a number of entries')
  if (after !== null && after.length > LONGEST_NAME) throw invalid('last is longer than any name')
  const limit = n === null ? maxLimit : Math.min(Number(n), maxLimit)
  return after === null || after === '' ? { limit } : { limit, after }
}

/** The `Link` header to the page after `last`; relative, so that it names no host. */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`
}
