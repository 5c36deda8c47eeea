import { concat } from '@drayage/bytes'

import { Schema1Error } from '../errors.ts'
import { isRecord, runCodec } from '../json/codec.ts'
import { MANIFEST_KEYS } from '../json/keys.ts'
import { parseObject } from '../json/parse-object.ts'
import { keyRules } from '../json/scan-json.ts'
import { signaturesCodec, type Schema1Signature } from './schema1.ts'

const BASE64URL = /^[A-Za-z0-9_-]*$/
const PROTECTED_KEYS = keyRules(['formatLength', 'formatTail'])

/**
 * The bytes of a signed schema 1 manifest that its digest is computed from: everything before the signatures, and the tail
 * that they replaced. Every signature must cover the same bytes. Signatures are not verified, and neither is the payload.
 *
 * @throws Schema1Error `ERR_SCHEMA1` for bytes that are not a signed schema 1 manifest
 * @see Docker Image Manifest V 2, Schema 1, "Signed Manifests"
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict'
 * import { encodeText } from '@drayage/bytes'
 * import { schema1Payload, signSchema1 } from '@drayage/manifest'
 *
 * const payload = encodeText('{\n   "schemaVersion": 1\n}')
 * assert.deepEqual(schema1Payload(await signSchema1(payload)), payload)
 * ```
 */
export function schema1Payload(bytes: Uint8Array): Uint8Array {
  const document = parseObject(bytes, MANIFEST_KEYS)
  if (!document.ok) throw new Schema1Error('error unmarshalling content', '', document.found, document.wanted)
  return payloadOf(bytes, document.value)
}

/** The payload of a signed manifest that is parsed already; see {@link schema1Payload}. */
export function payloadOf(bytes: Uint8Array, document: Readonly<Record<string, unknown>>): Uint8Array {
  const { signatures } = document
  if (signatures === undefined) throw new Schema1Error('missing signature key', 'signatures', 'nothing', 'signatures')
  const decoded = runCodec(signaturesCodec, signatures)
  if (!decoded.ok) {
    const { path, found, wanted } = decoded.misfit
    throw new Schema1Error('error unmarshalling signatures', `signatures${path}`, found, wanted)
  }
  const [first, ...others] = decoded.value.map((signature, index) => readFormat(signature, index))
  if (first === undefined) throw new Schema1Error('missing signatures', 'signatures', 'none', 'at least one')
  for (const { length, tail } of others) {
    if (length !== first.length) throw conflict('length', length, first.length)
    if (tail !== first.tail) throw conflict('tail', 'another one', 'the same in all signatures')
  }
  if (first.length > bytes.byteLength) {
    const wanted = `at most ${bytes.byteLength}`
    throw new Schema1Error('invalid format length', protectedPath(0), `formatLength ${first.length}`, wanted)
  }
  return concat([bytes.subarray(0, first.length), decodeBase64Url(first.tail, 0, 'base64 decode error on tail')])
}

/** Whether a document has a member for signatures, of whatever kind. */
export function isSigned(document: unknown): boolean {
  return isRecord(document) && document['signatures'] !== undefined && document['signatures'] !== null
}

function readFormat({ protected: text }: Schema1Signature, index: number): { length: number; tail: string } {
  const path = protectedPath(index)
  const header = parseObject(decodeBase64Url(text, index, 'base64 decode error'), PROTECTED_KEYS)
  if (!header.ok) throw new Schema1Error('error unmarshalling protected header', path, header.found, header.wanted)
  const { formatLength, formatTail } = header.value
  if (typeof formatLength !== 'number' || !Number.isSafeInteger(formatLength) || formatLength < 0) {
    throw new Schema1Error('missing formatted length', path, 'no usable formatLength', 'a number of bytes')
  }
  if (typeof formatTail !== 'string') {
    throw new Schema1Error('missing formatted tail', path, 'no usable formatTail', 'base64url text')
  }
  return { length: formatLength, tail: formatTail }
}

function decodeBase64Url(text: string, index: number, reason: string): Uint8Array {
  const unpadded = text.replaceAll(/[\s]/g, '').replace(/={1,2}$/, '')
  if (!BASE64URL.test(unpadded) || unpadded.length % 4 === 1) {
    throw new Schema1Error(reason, protectedPath(index), 'other text', 'base64url')
  }
  const binary = atob(unpadded.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function protectedPath(index: number): string {
  return `signatures[${index}].protected`
}

function conflict(what: 'length' | 'tail', found: number | string, wanted: number | string): Schema1Error {
  return new Schema1Error(`conflicting format ${what}`, 'signatures', String(found), String(wanted))
}
