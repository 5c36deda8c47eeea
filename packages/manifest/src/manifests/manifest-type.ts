import { quote } from '@drayage/bytes'

import { isRecord } from '../json/codec.ts'
import { AmbiguousManifestError, ManifestSyntaxError, UnsupportedManifestError } from '../errors.ts'
import { isVagueType, manifestKind, MEDIA_TYPES, type ManifestKind } from '../media-types.ts'

/** What a manifest is. */
export interface ManifestType {
  readonly kind: ManifestKind
  readonly mediaType: string
}

/** Members that a document of a kind must not have, because they mark another kind. */
const FOREIGN_MEMBERS: Readonly<Record<ManifestKind, readonly string[]>> = {
  image: ['manifests', 'fsLayers'],
  index: ['config', 'layers', 'fsLayers', 'history'],
  schema1: ['manifests', 'layers', 'config'],
}

/**
 * What `document` is, by the type it was served with, the type it states and its members, which must all agree.
 *
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX`
 * @throws AmbiguousManifestError `ERR_MANIFEST_AMBIGUOUS`
 * @throws UnsupportedManifestError `ERR_MANIFEST_UNSUPPORTED`
 */
export function manifestType(document: Readonly<Record<string, unknown>>, served: string | undefined): ManifestType {
  const given = bareType(served ?? '')
  const own = ownType(document)
  if (given !== undefined && own !== undefined && !sameType(given, own)) {
    throw new AmbiguousManifestError(`media type ${quote(own)}`, `${quote(given)}, which it was served with`)
  }
  const mediaType = given ?? own ?? typeByMembers(document)
  const kind = manifestKind(mediaType)
  if (kind === undefined) throw new UnsupportedManifestError(mediaType)
  if (own === undefined && mediaType.startsWith('application/vnd.docker.') && kind !== 'schema1') {
    throw new ManifestSyntaxError('mediaType', 'nothing', quote(mediaType))
  }
  const foreign = FOREIGN_MEMBERS[kind].find((member) => Object.hasOwn(document, member))
  if (foreign !== undefined) throw new AmbiguousManifestError(`${quote(foreign)} in ${article[kind]}`, 'no such member')
  return { kind, mediaType }
}

const article: Readonly<Record<ManifestKind, string>> = {
  image: 'an image manifest',
  index: 'an index',
  schema1: 'a schema 1 manifest',
}

/** A media type without parameters, in lower case; `undefined` for a vague one. */
function bareType(mediaType: string): string | undefined {
  const [type = ''] = mediaType.split(';', 1)
  const bare = type.trim().toLowerCase()
  return isVagueType(bare) ? undefined : bare
}

function ownType(document: Readonly<Record<string, unknown>>): string | undefined {
  const { mediaType } = document
  if (mediaType === undefined || mediaType === null || mediaType === '') return undefined
  if (typeof mediaType === 'string') return mediaType
  throw new ManifestSyntaxError('mediaType', isRecord(mediaType) ? 'an object' : typeof mediaType, 'a string')
}

function sameType(given: string, own: string): boolean {
  return given === own || (manifestKind(given) === 'schema1' && manifestKind(own) === 'schema1')
}

function typeByMembers(document: Readonly<Record<string, unknown>>): string {
  const has = (member: string): boolean => Object.hasOwn(document, member)
  const image = has('config') || has('layers')
  if (has('fsLayers') && !image && !has('manifests'))
    return has('signatures') ? MEDIA_TYPES.schema1Signed : MEDIA_TYPES.schema1
  if (image && !has('manifests') && !has('fsLayers')) return MEDIA_TYPES.ociManifest
  if (!image && !has('fsLayers')) return MEDIA_TYPES.ociIndex
  throw new AmbiguousManifestError('members of manifests of several kinds', 'a media type or the members of one kind')
}
