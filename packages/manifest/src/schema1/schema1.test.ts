import { encodeText } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { children } from '../manifests/relations.ts'
import { decodeManifest, type DecodedSchema1, type DecodeManifestOptions } from '../manifests/decode-manifest.ts'
import { MEDIA_TYPES } from '../media-types.ts'
import { schema1Payload } from './payload.ts'

const PAYLOAD = `{
   "schemaVersion": 1,
   "name": "library/busybox",
   "tag": "latest",
   "architecture": "amd64",
   "fsLayers": [{ "blobSum": "sha256:${'c'.repeat(64)}" }],
   "history": [{ "v1Compatibility": "{\\"id\\":\\"${'d'.repeat(64)}\\"}" }]
}`
const TAIL = '\n}'

function base64url(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function sign(headers: readonly unknown[], more = ''): string {
  const signatures = headers.map((header) => ({
    protected: typeof header === 'string' ? header : base64url(JSON.stringify(header)),
  }))
  return `${PAYLOAD.slice(0, -TAIL.length)},${more}\n   "signatures": ${JSON.stringify(signatures)}${TAIL}`
}

const HEADER = { formatLength: PAYLOAD.length - TAIL.length, formatTail: base64url(TAIL), time: '2015-01-01T00:00:00Z' }

function decode(text: string, options?: DecodeManifestOptions): DecodedSchema1 {
  const decoded = decodeManifest(encodeText(text), options)
  if (decoded.kind !== 'schema1') throw new Error(decoded.kind)
  return decoded
}

test('decodeManifest() gives signed schema 1 the digest of the signed bytes', () => {
  const digest = digestOf(PAYLOAD)
  for (const options of [
    {},
    { digest },
    { digest, mediaType: MEDIA_TYPES.schema1Signed },
    { mediaType: MEDIA_TYPES.schema1 },
  ]) {
    const signed = decode(sign([HEADER, HEADER]), options)
    expect(signed.bytes).toEqual(encodeText(PAYLOAD))
    expect(signed.received).toEqual(encodeText(sign([HEADER, HEADER])))
    expect(signed.descriptor).toEqual({ mediaType: MEDIA_TYPES.schema1, digest, size: PAYLOAD.length })
    expect(signed.value.name).toBe('library/busybox')
    expect(signed.value.history).toHaveLength(1)
    expect(children(signed)).toEqual([])
  }
  const sha512 = digestOf(PAYLOAD, 'sha512')
  expect(decode(sign([HEADER]), { digest: sha512 }).descriptor.digest).toBe(sha512)
})

test('decodeManifest() keeps the digest of schema 1 that was requested by the digest of all its bytes', () => {
  const digest = digestOf(sign([HEADER]))
  const decoded = decode(sign([HEADER]), { digest })
  expect(decoded.descriptor.digest).toBe(digest)
  expect(decoded.descriptor.mediaType).toBe(MEDIA_TYPES.schema1Signed)
  expect(decoded.bytes).toBe(decoded.received)
})

test('decodeManifest() reads schema 1 without signatures', () => {
  const decoded = decode(PAYLOAD, { digest: digestOf(PAYLOAD) })
  expect(decoded.descriptor).toEqual({
    mediaType: MEDIA_TYPES.schema1,
    digest: digestOf(PAYLOAD),
    size: PAYLOAD.length,
  })
  expect(() => decode(PAYLOAD, { digest: digestOf('x') })).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }),
  )
})

test('decodeManifest() refuses schema 1 whose signed bytes have another digest', () => {
  const altered = sign([HEADER]).replace('busybox', 'busybux')
  expect(() => decode(altered, { digest: digestOf(PAYLOAD) })).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }),
  )
})

test.each<[string, readonly unknown[], string]>([
  ['no signature', [], 'missing signatures'],
  ['10^6 dots', ['.'.repeat(1_000_000)], 'base64 decode error'],
  ['10^6 dots in the tail', [{ ...HEADER, formatTail: '.'.repeat(1_000_000) }], 'base64 decode error on tail'],
  ['text that is not base64url', ['a+b/'], 'base64 decode error'],
  ['a header that is not JSON', [base64url('x')], 'error unmarshalling protected header'],
  [
    'a header with a member twice',
    [base64url('{"formatLength":1,"formatLength":2,"formatTail":""}')],
    'error unmarshalling protected header',
  ],
  ['a length past the end', [{ ...HEADER, formatLength: 1_000_000 }], 'invalid format length'],
  ['a negative length', [{ ...HEADER, formatLength: -1 }], 'missing formatted length'],
  ['a length that is no integer', [{ ...HEADER, formatLength: 1.5 }], 'missing formatted length'],
  ['no length', [{ formatTail: '' }], 'missing formatted length'],
  ['no tail', [{ formatLength: 1 }], 'missing formatted tail'],
  ['signatures of different lengths', [HEADER, { ...HEADER, formatLength: 3 }], 'conflicting format length'],
  ['signatures of different tails', [HEADER, { ...HEADER, formatTail: 'Cg' }], 'conflicting format tail'],
  ['1001 signatures', Array.from({ length: 1001 }, () => HEADER), 'error unmarshalling signatures'],
])('decodeManifest() refuses %s, in the words of Docker Engine', (_what, headers, reason) => {
  expect(() => decode(sign(headers))).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1', reason }))
  expect(() => schema1Payload(encodeText(sign(headers)))).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1' }))
})

test('decodeManifest() refuses deep nesting in a signature', () => {
  const header = base64url(`{"jwk":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  expect(() => decode(sign([header]))).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1' }))
})

test('decodeManifest() takes a manifest that an old registry collected a hundred signatures for', () => {
  expect(decode(sign(Array.from({ length: 100 }, () => HEADER))).bytes).toEqual(encodeText(PAYLOAD))
})

test('decodeManifest() decodes what was signed, whatever is beside it', () => {
  const signed = decode(sign([HEADER], '\n   "unsigned": true,'))
  expect(signed.value).not.toHaveProperty('unsigned')
  expect(signed).toMatchObject({ isSigned: true, descriptor: { digest: digestOf(PAYLOAD) } })
  expect(schema1Payload(signed.received)).toEqual(encodeText(PAYLOAD))
})

test('decodeManifest() refuses a payload that is another kind of manifest than what is around it', () => {
  const other = '{"schemaVersion":2,"manifests":[]}'
  const header = { formatLength: 0, formatTail: base64url(other) }
  expect(() => decode(sign([header]))).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_AMBIGUOUS' }))
  const image = { ...header, formatTail: base64url('{"schemaVersion":2,"config":{},"layers":[]}') }
  expect(() => decode(sign([image]))).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_AMBIGUOUS' }))
  const text = { ...header, formatTail: base64url('text') }
  expect(() => decode(sign([text]))).toThrow(expect.objectContaining({ reason: 'invalid payload' }))
})

test.each([
  ['another version', { schemaVersion: 2 }, 'unsupported schema version 2'],
  ['no version', { schemaVersion: undefined }, 'unsupported schema version 0'],
  ['more steps than layers', { fsLayers: [] }, 'length of history not equal to number of layers'],
  ['neither steps nor layers', { fsLayers: [], history: null }, 'no FSLayers in manifest'],
  ['a layer without digest', { fsLayers: [{ blobSum: 'sha256:x' }] }, 'could not validate layer digest "sha256:x"'],
])('decodeManifest() refuses schema 1 with %s', (_what, members, reason) => {
  const document = JSON.stringify({ ...JSON.parse(PAYLOAD), ...members })
  const options = { mediaType: MEDIA_TYPES.schema1 }
  expect(() => decode(document, options)).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1', reason }))
})

test('decodeManifest() compares the digest before it looks at what is signed', () => {
  const header = { formatLength: 0, formatTail: base64url('{"schemaVersion":7,"fsLayers":[]}') }
  expect(() => decode(sign([header]), { digest: digestOf('x') })).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }),
  )
})

test('decodeManifest() tells signed bytes that are damaged by their digest, as any others', () => {
  const damaged = sign([HEADER]).replace('"protected":"', '"protected":"!')
  const digest = digestOf(PAYLOAD)
  expect(() => decode(damaged, { digest })).toThrow(expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }))
  expect(() => decode(damaged, { digest: digestOf(damaged) })).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1' }))
  expect(() => decode(damaged)).toThrow(expect.objectContaining({ code: 'ERR_SCHEMA1' }))
})
