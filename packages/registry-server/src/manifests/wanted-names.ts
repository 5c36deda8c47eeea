import { quote } from '@drayage/bytes'
import type { Digest } from '@drayage/digest'
import { isTag } from '@drayage/reference'

import { RequestRefusedError, requireDigest } from '../handler/refusal.ts'
import { parseManifestName } from './manifests.ts'

/** Under what a manifest is put. */
export interface WantedNames {
  /** The digest that the client names it by; that of the bytes when it names none. */
  readonly digest: Digest | undefined
  readonly tags: readonly string[]
  /** Those of `tags` that are parameters of the query. */
  readonly parameters: readonly string[]
}

/** The most tags of one request; the version of the specification that has them asks for 10. */
const MAX_TAGS = 100

/**
 * Reads under what a manifest is put: a tag, whose digest may be a parameter, or a digest, with tags as parameters.
 *
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400 for what is no tag or digest, 414 for too many tags
 */
export function requireNames(reference: string, query: URLSearchParams): WantedNames {
  const parameters = [...new Set(query.getAll('tag'))]
  if (parameters.length > MAX_TAGS) {
    const message = `the request has ${parameters.length} tags, expected at most ${MAX_TAGS}`
    throw new RequestRefusedError({ status: 414, specCode: 'TAG_INVALID', message })
  }
  for (const tag of parameters) if (!isTag(tag)) throw invalidTag(tag)
  const name = parseManifestName(reference)
  if (name === undefined) throw invalidTag(reference)
  const named = query.has('digest') ? requireDigest(query.get('digest')) : undefined
  if (name.kind === 'tag') return { digest: named, tags: [...new Set([name.tag, ...parameters])], parameters }
  if (named !== undefined && named !== name.digest) {
    const message = 'the path has another digest than the query'
    throw new RequestRefusedError({ status: 400, specCode: 'DIGEST_INVALID', message, detail: { digest: named } })
  }
  return { digest: name.digest, tags: parameters, parameters }
}

function invalidTag(text: string): RequestRefusedError {
  const message = `invalid tag ${quote(text, 160)}`
  return new RequestRefusedError({ status: 400, specCode: 'TAG_INVALID', message })
}
