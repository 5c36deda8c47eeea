import { concat } from '@drayage/bytes'

import { ManifestSyntaxError } from './errors.ts'
import { parseObject } from './parse-json.ts'
import { keyRules } from './scan-json.ts'
import type { Schema1Signature } from './schema1.ts'

const BASE64URL = /^[A-Za-z0-9_-]*$/
const PROTECTED_KEYS = keyRules(['formatLength', 'formatTail'])

/**
 * The bytes of a signed schema 1 manifest that its digest is of: all up to the signatures, and the tail that the
 * signatures replaced. Every signature must tell the same bytes. Signatures are not verified.
 *
 * @throws ManifestSyntaxError `ERR_MANIFEST_SYNTAX`
 * @see Docker Image Manifest V 2, Schema 1, "Signed Manifests"
 */
export function schema1Payload(bytes: Uint8Array, signatures: readonly Schema1Signature[]): Uint8Array {
  const [first, ...others] = signatures.map((signature, index) =>
    readFormat(signature, `signatures[${index}].protected`),
  )
  if (first === undefined) throw new ManifestSyntaxError('signatures', 'no signature', 'at least one')
  if (others.some((other) => other.length !== first.length || other.tail !== first.tail)) {
    throw new ManifestSyntaxError('signatures', 'signatures of different bytes', 'all of the same')
  }
  if (first.length > bytes.byteLength) {
    throw new ManifestSyntaxError(
      'signatures[0].protected',
      `formatLength ${first.length}`,
      `at most ${bytes.byteLength}`,
    )
  }
  return concat([bytes.subarray(0, first.length), decodeBase64Url(first.tail, 'signatures[0].protected')])
}

function readFormat(signature: Schema1Signature, path: string): { readonly length: number; readonly tail: string } {
  const header = parseObject(decodeBase64Url(signature.protected, path), PROTECTED_KEYS)
  if (!header.ok) throw new ManifestSyntaxError(path, header.found, header.wanted, { cause: header.cause })
  const { formatLength, formatTail } = header.value
  if (typeof formatLength !== 'number' || !Number.isSafeInteger(formatLength) || formatLength < 0) {
    throw new ManifestSyntaxError(path, 'no usable formatLength', 'a number of bytes')
  }
  if (typeof formatTail !== 'string') throw new ManifestSyntaxError(path, 'no usable formatTail', 'base64url text')
  return { length: formatLength, tail: formatTail }
}

function decodeBase64Url(text: string, path: string): Uint8Array {
  const unpadded = text.replace(/={1,2}$/, '')
  if (!BASE64URL.test(unpadded) || unpadded.length % 4 === 1) {
    throw new ManifestSyntaxError(path, 'other text', 'base64url')
  }
  const binary = atob(unpadded.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
