import { encodeText } from '@drayage/bytes'
import { digestOf } from '@drayage/digest'
import { expect, test } from 'vitest'

import { children } from './children.ts'
import { decodeManifest, type DecodedSchema1, type DecodeManifestOptions } from './decode-manifest.ts'
import { MEDIA_TYPES } from './media-types.ts'

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

test('decodeManifest() gives schema 1 that was asked for by the digest of all its bytes that digest', () => {
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

test('S07: decodeManifest() refuses schema 1 whose signed bytes have another digest', () => {
  const altered = sign([HEADER]).replace('busybox', 'busybux')
  expect(() => decode(altered, { digest: digestOf(PAYLOAD) })).toThrow(
    expect.objectContaining({ code: 'ERR_DIGEST_MISMATCH' }),
  )
})

test.each<[string, readonly unknown[]]>([
  ['no signature', []],
  ['10^6 dots', ['.'.repeat(1_000_000)]],
  ['10^6 dots in the tail', [{ ...HEADER, formatTail: '.'.repeat(1_000_000) }]],
  ['text that is not base64url', ['a+b/']],
  ['a header that is not JSON', [base64url('x')]],
  ['a header with a member twice', [base64url('{"formatLength":1,"formatLength":2,"formatTail":""}')]],
  ['a length past the end', [{ ...HEADER, formatLength: 1_000_000 }]],
  ['a negative length', [{ ...HEADER, formatLength: -1 }]],
  ['a length that is no integer', [{ ...HEADER, formatLength: 1.5 }]],
  ['no length', [{ formatTail: '' }]],
  ['no tail', [{ formatLength: 1 }]],
  ['signatures of different bytes', [HEADER, { ...HEADER, formatLength: 3 }]],
  ['17 signatures', Array.from({ length: 17 }, () => HEADER)],
])('S07: decodeManifest() refuses %s', (_what, headers) => {
  expect(() => decode(sign(headers))).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_SYNTAX' }))
})

test('S07: decodeManifest() refuses deep nesting in a signature', () => {
  const header = base64url(`{"jwk":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)
  expect(() => decode(sign([header]))).toThrow(expect.objectContaining({ code: 'ERR_MANIFEST_SYNTAX' }))
})
