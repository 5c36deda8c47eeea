import { RequestRefusedError } from './refusal.ts'
import { quote } from '@drayage/bytes'
import { isRepositoryPath } from '@drayage/reference'

/** What a path names. */
export type RegistryRoute =
  | { readonly kind: 'ping' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string }

/**
 * Finds what the path of a request names, read from its end, so that repositories may have `blobs` or `manifests` as a
 * part of their name.
 *
 * @returns `undefined` when it names nothing of a registry
 * @throws RequestRefusedError `ERR_REQUEST_REFUSED`, status 400, when the repository's name is invalid
 * @see OCI distribution-spec v1.1.1, "Endpoints"
 */
export function parseRoute(pathname: string): RegistryRoute | undefined {
  const parts = decodeSegments(pathname)
  if (parts === undefined || parts[0] !== 'v2') return undefined
  const rest = parts.slice(1)
  if (rest.length === 0 || (rest.length === 1 && rest[0] === '')) return { kind: 'ping' }
  if (rest.length === 1 && rest[0] === '_catalog') return { kind: 'catalog' }
  const last = rest.at(-1) ?? ''
  const before = rest.at(-2)
  if (before === 'blobs' && last === 'uploads') return { kind: 'uploads', repository: nameOf(rest.slice(0, -2)) }
  if (before === 'uploads' && rest.at(-3) === 'blobs') {
    const repository = nameOf(rest.slice(0, -3))
    return last === '' ? { kind: 'uploads', repository } : { kind: 'upload', repository, id: last }
  }
  if (rest.length < 3) return undefined
  const name = rest.slice(0, -2)
  if (before === 'blobs') return { kind: 'blob', repository: nameOf(name), digest: last }
  if (before === 'manifests') return { kind: 'manifest', repository: nameOf(name), reference: last }
  if (before === 'referrers') return { kind: 'referrers', repository: nameOf(name), digest: last }
  if (before === 'tags' && last === 'list') return { kind: 'tags', repository: nameOf(name) }
  return undefined
}

/** Parses like {@link parseRoute}; `undefined` also when the repository's name is invalid, which the handler answers. */
export function tryParseRoute(pathname: string): RegistryRoute | undefined {
  try {
    return parseRoute(pathname)
  } catch (error) {
    if (error instanceof RequestRefusedError) return undefined
    throw error
  }
}

function nameOf(parts: readonly string[]): string {
  const name = parts.join('/')
  if (parts.some((part) => part.includes('/')) || !isRepositoryPath(name)) {
    throw new RequestRefusedError({
      status: 400,
      specCode: 'NAME_INVALID',
      message: `invalid repository name ${quote(name, 160)}`,
    })
  }
  return name
}

function decodeSegments(pathname: string): string[] | undefined {
  try {
    return pathname.slice(1).split('/').map(decodeURIComponent)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
