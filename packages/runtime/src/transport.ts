import { parseReference, withDefaultTag, type Reference } from '@drayage/reference'

import { TransportError } from './errors.ts'

/** Where an image is or goes, as the command line names it. */
export type Transport =
  | { readonly kind: 'registry'; readonly reference: Reference }
  | { readonly kind: 'store'; readonly name: string }
  | { readonly kind: 'oci'; readonly directory: string; readonly tag: string | undefined }
  | { readonly kind: 'oci-archive'; readonly file: string; readonly tag: string | undefined }
  | { readonly kind: 'docker-archive'; readonly file: string; readonly reference: Reference | undefined }
  | { readonly kind: 'dir'; readonly directory: string }

/** The forms that {@link parseTransport} reads. */
const FORMS = 'docker://REF, store:REF, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF] or dir:DIR'

/**
 * Reads the name of a place: `docker://REF`, `store:REF`, `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`,
 * `docker-archive:FILE[:REF]` or `dir:DIR`; without a prefix it is a reference to a registry.
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
      throw new TransportError('use', text, `the transport docker-daemon: is not supported, expected ${FORMS}`)
    default:
      return registry(text)
  }
}

function registry(text: string): Transport {
  return { kind: 'registry', reference: named(text) }
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
