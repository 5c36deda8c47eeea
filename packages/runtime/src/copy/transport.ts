import { isDigest } from '@drayage/digest'
import { parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import { TransportError } from '../errors.ts'

/** Where an image is or goes, as the command line names it. */
export type Transport =
  | { readonly kind: 'registry'; readonly reference: Reference }
  | { readonly kind: 'store'; readonly name: string }
  | { readonly kind: 'oci'; readonly directory: string; readonly tag: string | undefined }
  | { readonly kind: 'oci-archive'; readonly file: string; readonly tag: string | undefined }
  | { readonly kind: 'docker-archive'; readonly file: string; readonly reference: Reference | undefined }
  | { readonly kind: 'dir'; readonly directory: string }
  | { readonly kind: 'docker-daemon'; readonly name: string }

/**
 * Reads the name of a place: `docker://REF`, `store:REF`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:REF]`, `dir:DIR`, or `docker-daemon:` with a reference, an ID or the start of one; without a prefix
 * it is a reference to a registry.
 *
 * @throws TransportError `ERR_TRANSPORT`
 * @throws ReferenceSyntaxError `ERR_REFERENCE_SYNTAX`
 */
export function parseTransport(text: string): Transport {
  if (text.startsWith('docker://')) return registry(text.slice('docker://'.length))
  const colon = text.indexOf(':')
  const prefix = text.slice(0, Math.max(0, colon))
  const rest = text.slice(colon + 1)
  switch (prefix) {
    case 'store':
      return { kind: 'store', name: required(rest, text) }
    case 'oci': {
      const [directory, tag] = splitPath(rest, text)
      return { kind: 'oci', directory, tag }
    }
    case 'oci-archive': {
      const [file, tag] = splitPath(rest, text)
      return { kind: 'oci-archive', file, tag }
    }
    case 'docker-archive': {
      const [file, name] = splitPath(rest, text)
      return { kind: 'docker-archive', file, reference: name === undefined ? undefined : named(name) }
    }
    case 'dir':
      return { kind: 'dir', directory: required(rest, text) }
    case 'docker-daemon':
      return { kind: 'docker-daemon', name: imageOfDaemon(required(rest, text)) }
    default:
      return registry(text)
  }
}

function registry(text: string): Transport {
  return { kind: 'registry', reference: named(text) }
}

/** Text that a Docker Engine may know as a name or an ID; the start of an ID reads like a name. */
function imageOfDaemon(text: string): string {
  if (!isDigest(text) && !/^[0-9a-f]{64}$/.test(text)) parseReference(text)
  return text
}

function named(text: string): Reference {
  return withDefaultTag(parseReference(text))
}

function required(rest: string, text: string): string {
  if (rest === '') throw new TransportError('use', text, 'found nothing after the colon, expected a path or name')
  return rest
}

/** A path and what follows its first colon; paths with colons cannot be named, as in other tools. */
function splitPath(rest: string, text: string): [string, string | undefined] {
  const colon = rest.indexOf(':')
  if (colon < 0) return [required(rest, text), undefined]
  return [required(rest.slice(0, colon), text), required(rest.slice(colon + 1), text)]
}
